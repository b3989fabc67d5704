import { XylemError } from '@xylem/core';

/** A token as typed, or for `-` from standard input: other users of the machine see the command line. */
export async function tokenOf(word: string): Promise<string> {
  if (word !== '-') return word;
  const { text } = await import('node:stream/consumers');
  return (await text(process.stdin)).trim();
}

/** A token in a file, or for `-` from standard input. @throws XylemError E_INPUT */
export async function tokenIn(file: string): Promise<string> {
  if (file === '-') return await tokenOf('-');
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XylemError('E_INPUT', `The token in ${file} can't be read.`, { cause });
  });
  return text.trim();
}
