import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What a service wrote last, for a sentence about it. */
export interface ServiceOutput {
  /** Where a person reads all of it: a path, or a command. */
  readonly where: string;
  /** Its last lines, bounded; empty when it wrote nothing. */
  readonly last: string;
}

const lastBytes = 1_500;

export function outputOfLog(path: string): ServiceOutput {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, lastBytes));
      const got = readSync(file, buffer, 0, buffer.length, size - buffer.length);
      return { where: `Its log is ${path}`, last: lastLines(buffer.toString('utf8', 0, got)) };
    } finally {
      closeSync(file);
    }
  } catch {
    return { where: `Its log is ${path}`, last: '' };
  }
}

/** Whole lines where there are several. Pure. */
export function lastLines(text: string): string {
  const tail = text.slice(-lastBytes);
  const lines = tail.trimEnd().split('\n');
  return (tail.length === lastBytes && lines.length > 1 ? lines.slice(1) : lines)
    .slice(-10)
    .join('\n')
    .trim();
}
