import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { XylemError } from '@xylem/core';

const label = (file: string): string => (file === '-' ? 'standard input' : file);

/** The text of a file, or of standard input for `-`. @throws XylemError E_INPUT */
export async function readInput(file: string): Promise<string> {
  if (file === '-') return readText(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new XylemError('E_INPUT', `${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

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
