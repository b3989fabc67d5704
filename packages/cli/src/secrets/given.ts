import { XylemError } from '@xylem/core';
import { readSecret } from '../frame/given.ts';
import type { Streams } from '../frame/terminal.ts';
import { askTwice, canAsk } from '../publishing/passphrase.ts';

/**
 * The value of a secret, typed twice or from standard input. Never an argument: command lines are read by every process
 * of a machine.
 * @throws XylemError E_INPUT (nothing given, or the two differ), E_TOO_LARGE, E_INTERRUPTED
 */
export async function readValue(
  name: string,
  streams: Pick<Streams, 'stdin' | 'stderr'> = process,
): Promise<string> {
  const value = canAsk(streams)
    ? await askTwice(`Value of ${name}`, streams)
    : await readSecret('-', streams.stdin);
  if (value !== '') return value;
  // As a file that is not there gives it, or a command that failed: `cat password.txt | xylem secret set …`.
  const message = `The value of ${name} is empty, as from a command that failed. \`xylem secret remove\` removes one.`;
  throw new XylemError('E_INPUT', message);
}
