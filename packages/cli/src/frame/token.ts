import { readGiven, shortBytes } from './given.ts';

/** A token in a file, or for `-` from standard input. @throws XylemError E_INPUT, E_TOO_LARGE */
export const tokenIn = async (file: string): Promise<string> =>
  (await readGiven(file, shortBytes)).toString().trim();

/** A token as typed, or for `-` from standard input: other users of the machine see the command line. */
export const tokenOf = async (word: string): Promise<string> => (word === '-' ? await tokenIn('-') : word);
