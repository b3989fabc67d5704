import { join } from 'node:path';
import { type Cleanup, type Program, program, removeLater, tempFolder, xylemEntry } from '@xylem/testkit';

/** Someone at a shell with the program, in a folder of their own that goes with the test. */
export interface OperatorHere {
  readonly folder: string;
  at(...names: string[]): string;
  readonly xylem: Program;
  /** Runs a command (its words, or a line of them) and reads what it answers. */
  json<T>(words: string | readonly string[]): Promise<T>;
}

export async function operatorHere(t: Cleanup, name: string): Promise<OperatorHere> {
  const folder = await tempFolder(t, name);
  const at = (...names: string[]): string => join(folder, ...names);
  const xylem = program({ entry: xylemEntry, home: at('home'), logs: at('logs') });
  removeLater(t, () => xylem.stop());
  return { folder, at, xylem, json: jsonBy(() => xylem) };
}

/** Commands by whoever is at the shell when they are run. */
export function jsonBy(who: () => Program): OperatorHere['json'] {
  return async <T>(words: string | readonly string[]): Promise<T> =>
    (await who().command(typeof words === 'string' ? words.split(' ') : words)) as T;
}
