import { PassThrough } from 'node:stream';
import { type Host, run } from '../frame/run.ts';
import { commandTable } from '../frame/table/index.ts';

/** What a run in this very process said. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in this process, with streams of its own that are no terminal. */
export const runHere = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> =>
  startHere(words, env).ended;

/** As `runHere`, for what is looked at while it runs. */
export function startHere(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { readonly said: Omit<Said, 'code'>; readonly ended: Promise<Said> } {
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said): PassThrough =>
    new PassThrough().on('data', (piece) => (said[name] += String(piece)));
  const host = {
    argv: ['node', 'main.ts'],
    execPath: process.execPath,
    env,
    stdin: new PassThrough(),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    exit: () => assertNever(),
    on: () => undefined,
    off: () => undefined,
  };
  const ended = run(words, host as unknown as Host, commandTable).then((code) => ({ code, ...said }));
  return { said, ended };
}

function assertNever(): never {
  throw new Error('the program ended the process');
}
