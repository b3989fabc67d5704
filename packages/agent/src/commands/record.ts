import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, formatTime } from '@xylem/platform';

const maxBytes = 1024 * 1024;

/**
 * Keeps what a program of a package printed, in the component's `<component>.steps.log`, at most 1 MiB and as much again
 * in `.log.1`. Never in the way: on a full disk nothing is kept.
 */
export async function recordOutput(path: string, clock: Clock, title: string, output: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const found = await stat(path).catch(() => null);
    if (found !== null && found.size > maxBytes) await rename(path, `${path}.1`);
    const file = await open(path, 'a', 0o600);
    try {
      await file.appendFile(`--- ${formatTime(clock.now())} ${title}\n${output.replace(/\n?$/, '\n')}`);
    } finally {
      await file.close();
    }
  } catch {
    // See above.
  }
}

/** The end of an output, for a message of one line: readable, without control characters. Pure. */
export function lastWords(output: string, most = 1_000): string {
  const text = output.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return text.length > most ? `…${text.slice(-most)}` : text;
}
