import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What a service wrote last, for a sentence about it. */
export interface ServiceOutput {
  /** Where a person reads all of it: a path, or a command. */
  readonly where: string;
  /** Its last lines, bounded; empty when it wrote nothing. */
  readonly last: string;
}

const lastBytes = 1_500;

/** Of its log, and of the part before where that has just begun anew. */
export function outputOfLog(path: string): ServiceOutput {
  const newest = tailOf(path, lastBytes);
  const before =
    newest.length < lastBytes ? tailOf(`${path}.1`, lastBytes - newest.length) : newest.subarray(0, 0);
  const last = lastLines(Buffer.concat([before, newest]).toString());
  return { where: `Its log is ${path}`, last };
}

/** Empty where there is no such file. */
function tailOf(path: string, most: number): Buffer {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, most));
      return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, size - buffer.length));
    } finally {
      closeSync(file);
    }
  } catch {
    return Buffer.alloc(0);
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
