import { XylemError } from '@xylem/core';

/** Puts the file's name before a refusal of what it holds, with line and column where the root server gave them. */
export async function inFile<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof XylemError) || error.message.includes(file)) throw error;
    const { line, column } = error.details;
    if (typeof line !== 'number') throw error;
    const place = [file, line, ...(typeof column === 'number' ? [column] : [])].join(':');
    const message = error.message.replace(/^(line \d+(, column \d+)?|[^\s:]*:\d+(:\d+)?):\s*/i, '');
    throw new XylemError(error.code, `${place}: ${message}`, {
      cause: error,
      details: { ...error.details, file },
    });
  }
}
