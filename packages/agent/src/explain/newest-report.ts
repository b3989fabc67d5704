import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseReport, type Report } from '@xylem/core';

/** What the agent last said of this host, sent or not; null where it never did or the file can't be read. */
export async function newestReport(folder: string): Promise<Report | null> {
  try {
    const { payload } = JSON.parse(await readFile(join(folder, 'newest.json'), 'utf8')) as {
      payload: string;
    };
    return parseReport(Buffer.from(payload, 'base64'));
  } catch {
    return null;
  }
}
