import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Running } from '../../slot/observed.ts';
import { installFingerprint } from '../../slot/placed.ts';
import type { SlotRecord } from '../../slot/record.ts';
import type { Driver, DriverTools } from '../driver.ts';
import { lookAt, lookOf } from './look.ts';
import { type PlacedFiles, type PlacedOne, placedFile } from './placed-file.ts';

/** Trees show themselves in the slot; of what was placed outside of it each file is looked at. */
export const observeFiles: Driver['observe'] = async (tools, records, folders) => {
  const found = new Map<string, Running>();
  for (const [component, names] of folders) {
    const running = await observeOne(component, names, records.get(component) ?? null, tools);
    if (running !== null) found.set(component, running);
  }
  return found;
};

async function observeOne(
  component: string,
  names: ReadonlySet<string>,
  record: SlotRecord | null,
  tools: DriverTools,
): Promise<Running | null> {
  const own = tools.layout.component(component);
  const placed = names.has(basename(own.placed)) ? await placedFile(own.placed, tools.log).read() : null;
  const common = { kind: 'files' as const, alive: true, instance: '' };
  if (placed === null) {
    // Its memory is gone, what was there before is not: it can still be put right, and taken back.
    const installed = record?.installed ?? null;
    const isLost =
      installed?.document.files !== undefined && (await readdir(own.before).catch(() => [])).length > 0;
    return isLost && installed !== null
      ? { ...common, tree: installed.tree, fingerprint: '', applied: installed }
      : null;
  }
  const running = { ...common, tree: placed.placed.tree, applied: placed.placed };
  if (placed.isPending) return { ...running, fingerprint: '' };
  const drift = await driftIn(placed, tools);
  if (drift === null) return { ...running, fingerprint: installFingerprint(placed.placed) };
  return { ...running, fingerprint: '', drift };
}

async function driftIn({ files }: PlacedFiles, { layout }: DriverTools): Promise<string | null> {
  for (const one of files) {
    const what = await differs(one);
    if (what === otherBytes) return `${one.to} ${what}; what it held is kept in ${layout.found}`;
    if (what !== null) return `${one.to} ${what}`;
  }
  return null;
}

const otherBytes = 'has other bytes';

async function differs({ to, digests, mode, uid, gid, look }: PlacedOne): Promise<string | null> {
  if (look !== '' && (await lookOf(to)) === look) return null;
  try {
    const found = await lookAt(to, to);
    if (found === null) return 'is missing';
    if (found.what !== 'file' || !digests.includes(found.digest)) return otherBytes;
    const { owner } = found;
    return owner.mode === mode && owner.uid === uid && owner.gid === gid ? null : 'has another mode or owner';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof XylemError) return 'is no file any more';
    if (code === 'ENOTDIR') return 'is missing';
    throw error;
  }
}
