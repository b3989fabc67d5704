import { mkdir, readdir, statfs } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Execute } from './executor.ts';

/** What must stay free beside the tree: journals, records, logs and the services' own data. */
const marginBytes = 8 * 1024 * 1024;

/** So much a tree takes that shares nothing with what is there. */
export const wholeBytes = (sizeBytes: number): number => Math.ceil(sizeBytes * 1.02);

/** @throws XylemError E_DISK_FULL unless so much is free below the folder, beside what must stay free */
export async function requireRoom(component: string, folder: string, sizeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const neededBytes = sizeBytes + marginBytes;
  if (freeBytes >= neededBytes) return;
  throw new XylemError(
    'E_DISK_FULL',
    `${component} needs ${neededBytes} bytes below ${folder}, and ${freeBytes} are free. The former version stays.`,
    { details: { neededBytes, freeBytes } },
  );
}

/** @throws XylemError E_DISK_FULL before anything was touched */
export const reserve: Execute<'reserve'> = async ({ sizeBytes }, { component, tools }) => {
  const folder = tools.layout.component(component).trees;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  // What can be shared with trees in place, or came already, only the transfer knows; it looks again by itself.
  const isFirst = (await readdir(folder)).length === 0;
  await requireRoom(component, folder, isFirst ? wholeBytes(sizeBytes) : 0);
};
