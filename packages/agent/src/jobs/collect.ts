import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Job, type JobResult, jobLimits, readJunit, sha256, XylemError } from '@xylem/core';

/**
 * The end of a text that takes at most `most` bytes as JSON: what a program prints may be any bytes. Control characters
 * that are not of a line are marked. Pure.
 */
export function tailOf(text: string, most: number): string {
  const clean = text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');
  let kept = clean.length > most ? clean.slice(-most) : clean;
  for (let over = sizeOf(kept) - most; over > 0; over = sizeOf(kept) - most)
    // A character takes at most six bytes, so this never cuts away more than half of what would be right.
    kept = kept.slice(Math.max(1, Math.ceil(over / 6)));
  return kept.toWellFormed();
}

/** As JSON in UTF-8. */
export const sizeOf = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** The JUnit file that a job wrote. @throws XylemError E_JUNIT_INVALID */
export async function junitOf(folder: string, path: string): Promise<JobResult['junit'] & object> {
  const found = await fileIn(folder, path, jobLimits.junitFile, 'head');
  if (found === null) {
    throw new XylemError('E_JUNIT_INVALID', `The JUnit file ${path} was not written as a file of its own.`);
  }
  const { bytes, sizeBytes } = found;
  if (sizeBytes > jobLimits.junitFile) {
    throw new XylemError(
      'E_JUNIT_INVALID',
      `The JUnit file ${path} has ${sizeBytes} bytes; at most ${jobLimits.junitFile} are read.`,
    );
  }
  const text = bytes.toString('utf8').toWellFormed();
  const summary = readJunit(text);
  const carried = sizeOf(text) > jobLimits.junit ? {} : { text };
  return { digest: sha256(bytes), sizeBytes, summary, ...carried };
}

/** The ends of the files that a job wrote as its logs; those that are not there are left out. */
export async function logsOf(folder: string, { logs = [] }: Job): Promise<NonNullable<JobResult['logs']>> {
  const kept: { path: string; kept: { text: string; sizeBytes: number } }[] = [];
  for (const path of logs) {
    const found = await fileIn(folder, path, jobLimits.log, 'tail');
    if (found === null) continue;
    const text = tailOf(found.bytes.toString('utf8'), jobLimits.log);
    kept.push({ path, kept: { text, sizeBytes: found.sizeBytes } });
  }
  return kept;
}

/**
 * A plain file in the job's folder, of which the first or last `most` bytes are read. What the job itself made of it
 * never leads elsewhere: neither a link nor another name of a file is followed. Nothing of the job runs any more.
 */
async function fileIn(
  folder: string,
  path: string,
  most: number,
  end: 'head' | 'tail',
): Promise<{ bytes: Buffer; sizeBytes: number } | null> {
  const full = join(folder, path);
  try {
    if ((await realpath(dirname(full))) !== dirname(join(await realpath(folder), path))) return null;
    const file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile() || found.nlink > 1) return null;
      const bytes = Buffer.alloc(Math.min(most, found.size));
      const { bytesRead } = await file.read(
        bytes,
        0,
        bytes.length,
        end === 'tail' ? found.size - bytes.length : 0,
      );
      return { bytes: bytes.subarray(0, bytesRead), sizeBytes: found.size };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'].includes(code)) return null;
    throw error;
  }
}
