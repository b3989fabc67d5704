import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { XylemError } from '@xylem/core';
import { readGiven, shortBytes } from '../frame/given.ts';
import type { Streams } from '../frame/terminal.ts';

/** Whether a person sits there who could be asked. */
export const canAsk = ({ stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'> = process): boolean =>
  stdin.isTTY === true && stderr.isTTY === true;

/** The passphrase that the environment gives: XYLEM_PASSPHRASE, or the first line of XYLEM_PASSPHRASE_FILE. */
export async function givenPassphrase(environment = process.env): Promise<string | undefined> {
  const { XYLEM_PASSPHRASE: word, XYLEM_PASSPHRASE_FILE: file } = environment;
  if (word) return word;
  if (!file) return undefined;
  const [line = ''] = (await readGiven(file, shortBytes)).toString().split(/\r?\n/, 1);
  return line || undefined;
}

/**
 * Asks without showing what is typed.
 * @throws XylemError E_INTERRUPTED upon Ctrl-C, and where the input ends (Ctrl-D)
 */
export async function askPassphrase(
  question: string,
  { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'> = process,
): Promise<string> {
  stderr.write(`${question}: `);
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  const asking = createInterface({ input: stdin, output: nowhere, terminal: true });
  try {
    const closed = new Promise<never>((_, reject) => asking.once('close', () => reject(new Error('closed'))));
    return await Promise.race([asking.question(''), closed]);
  } catch (cause) {
    throw new XylemError('E_INTERRUPTED', 'The question was not answered.', { cause });
  } finally {
    asking.close();
    stderr.write('\n');
  }
}

/** What nobody sees while it is typed may hold a slip: asked twice, unless nothing was typed. @throws XylemError E_INPUT when the two differ */
export async function askTwice(
  question: string,
  streams: Pick<Streams, 'stdin' | 'stderr'> = process,
): Promise<string> {
  const first = await askPassphrase(question, streams);
  if (first === '' || (await askPassphrase('The same again', streams)) === first) return first;
  throw new XylemError('E_INPUT', 'The two are not the same. Nothing was changed.');
}

/** A new passphrase, typed twice; empty: none. @throws XylemError E_INPUT when the two differ */
export async function askNewPassphrase(what: string): Promise<string | undefined> {
  return (await askTwice(`Passphrase for ${what} (empty: none)`)) || undefined;
}
