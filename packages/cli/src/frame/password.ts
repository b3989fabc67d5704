import { XylemError } from '@xylem/core';
import { askPassphrase, askTwice } from '../publishing/passphrase.ts';
import { text } from './define.ts';
import { readSecret } from './given.ts';
import type { Terminal } from './terminal.ts';

export const passwordOption = {
  passwordFile: text('<file>', 'read the password from this file; - from standard input (default: ask)'),
};

interface Asking {
  readonly file: string | undefined;
  readonly terminal: Terminal;
}

/** The password of a file, of standard input, or as it is typed, unseen. @throws XylemError E_INPUT */
export async function readPassword(question: string, asking: Asking): Promise<string> {
  return await read(question, asking, askPassphrase);
}

/** As `readPassword`, asked twice where it is typed. */
export async function readNewPassword(question: string, asking: Asking): Promise<string> {
  return await read(question, asking, askTwice);
}

async function read(
  question: string,
  { file, terminal }: Asking,
  ask: (question: string) => Promise<string>,
): Promise<string> {
  if (file !== undefined) return await readSecret(file);
  if (!terminal.interactive)
    throw new XylemError('E_INPUT', 'Nobody can be asked for the password here. Give --password-file.');
  return await ask(question);
}
