import { limits, XylemError } from '@xylem/core';
import { readGiven } from '../../frame/given.ts';

const label = (file: string): string => (file === '-' ? 'standard input' : file);

/** The YAML in a file, or for `-` from standard input. @throws XylemError E_INPUT, E_TOO_LARGE */
export const readYaml = async (file: string): Promise<string> =>
  (await readGiven(file, limits.yaml)).toString();

/** Puts the file's name before a refusal of what it holds, with line and column where the root server gave them. */
export async function inFile<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    const { line, column } = error.details;
    if (typeof line !== 'number') throw error;
    const place = [label(file), line, ...(typeof column === 'number' ? [column] : [])].join(':');
    const message = error.message.replace(/^(line \d+(, column \d+)?|[^\s:]*:\d+(:\d+)?):\s*/i, '');
    throw new XylemError(error.code, `${place}: ${message}`, {
      cause: error,
      details: { ...error.details, file },
    });
  }
}
