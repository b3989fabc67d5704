import { readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Digest, isDigest } from '@xylem/core';
import { isDoubted } from '../drift/doubt.ts';
import type { Drivers, DriverTools } from '../drivers/driver.ts';
import type { ObservedSlot, Running } from '../slot/observed.ts';
import { type SlotRecord, slotFile } from '../slot/record.ts';

/** Looks at every component's slot: records, trees, the switch, and what really runs. */
export async function observeSlots(tools: DriverTools, drivers: Drivers): Promise<Map<string, ObservedSlot>> {
  const records = new Map<string, SlotRecord>();
  const folders = new Map<string, ReadonlySet<string>>();
  for (const component of await list(tools.layout.components)) {
    const { folder, slot } = tools.layout.component(component);
    const names = new Set(await list(folder));
    folders.set(component, names);
    const record = names.has(basename(slot)) ? await slotFile(slot, tools.log).read() : null;
    if (record !== null) records.set(component, record);
  }
  const running = new Map<string, Running>();
  for (const driver of Object.values(drivers)) {
    for (const [component, found] of await driver.observe(tools, records, folders))
      running.set(component, found);
  }
  const names = new Set([...folders.keys(), ...running.keys()]);
  const slots = new Map<string, ObservedSlot>();
  for (const component of [...names].sort()) {
    const record = records.get(component) ?? null;
    slots.set(component, await observeSlot(component, record, running.get(component) ?? null, tools));
  }
  return slots;
}

async function observeSlot(
  component: string,
  record: SlotRecord | null,
  running: Running | null,
  tools: DriverTools,
): Promise<ObservedSlot> {
  const own = tools.layout.component(component);
  const entries = await list(own.trees);
  const present = new Set(entries);
  const trees: Digest[] = [];
  for (const name of entries) {
    if (!isDigest(name) || !present.has(`${name}.tree`)) continue;
    if (!(await isDoubted(own.text(name)))) trees.push(name);
  }
  return {
    component,
    record,
    current: await currentTree(own.current),
    trees: trees.sort(),
    partials: partialsOf(entries, new Set<string>(trees)),
    running,
    hasData: (await list(own.data)).length > 0,
  };
}

/** What stands in `trees/` and is no whole tree, by the digest in its name. Pure. */
function partialsOf(entries: readonly string[], whole: ReadonlySet<string>): string[] {
  const digests = entries.map((name) => {
    const digest = /[0-9a-f]{64}/.exec(name)?.[0] ?? '';
    return whole.has(digest) && (name === digest || name === `${digest}.tree`) ? null : digest;
  });
  return [...new Set(digests.filter((digest) => digest !== null))].sort();
}

/** Which tree a switch shows, null for none. */
export async function currentTree(link: string): Promise<Digest | null> {
  try {
    const name = basename(await readlink(link));
    return isDigest(name) ? name : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EINVAL: something that is no link stands there; the next switch replaces it.
    if (code === 'ENOENT' || code === 'EINVAL' || code === 'ENOTDIR') return null;
    throw error;
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
