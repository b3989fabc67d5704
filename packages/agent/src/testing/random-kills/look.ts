import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { compareTreePaths, isDigest } from '@xylem/core';
import { parseJournal } from '../../converge/journal.ts';
import { entryFault, findFault } from '../../drift/verify-tree.ts';
import type { Explanation } from '../../explain/explain.ts';
import { stateLayout } from '../../state/layout.ts';
import { mountsBelow, temporaryNames } from '../leaks.ts';
import { type Committed, type Component, components } from './versions.ts';

/**
 * Right after a kill: what `current` shows is one of those that it may, whole, to the last byte, or there is none. Empty:
 * all is well.
 */
export async function brokenSlots(stateFolder: string, may: ReadonlySet<string>): Promise<string[]> {
  const layout = stateLayout(stateFolder);
  const broken: string[] = [];
  for (const component of components) {
    const own = layout.component(component);
    const shown = await readlink(own.current).catch(() => null);
    if (shown === null) continue;
    const tree = basename(shown);
    if (!isDigest(tree)) {
      broken.push(`${component}: current shows ${shown}`);
      continue;
    }
    if (!may.has(tree)) broken.push(`${component}: current shows neither the old nor the new`);
    const installed = { folder: own.tree(tree), textPath: own.text(tree), tree };
    const fault = await findFault(installed, (path, entry) =>
      entryFault(path, entry, Number.NEGATIVE_INFINITY),
    );
    if (fault !== null) broken.push(`${component}: ${fault.what}`);
  }
  return broken;
}

/** What `current` of each component shows. */
export async function shownTrees(stateFolder: string): Promise<ReadonlySet<string>> {
  const layout = stateLayout(stateFolder);
  const links = components.map((one) => readlink(layout.component(one).current).catch(() => ''));
  return new Set((await Promise.all(links)).map((link) => basename(link)));
}

/** At rest: nothing of what was under way is left, and no process but those that should be. */
export async function leftovers(stateFolder: string, wanted: Committed): Promise<string[]> {
  const left: string[] = [];
  left.push(...(await temporaryNames(stateFolder)), ...mountsBelow(stateFolder));
  const layout = stateLayout(stateFolder);
  for (const component of components) {
    const trees = (await readdir(layout.component(component).trees).catch(() => [])).filter(isDigest);
    const most = wanted[component] === null ? 0 : 2;
    if (trees.length > most) left.push(`${component} has ${trees.length} trees`);
  }
  const running = processesIn(stateFolder);
  const expected = {
    agent: 1,
    supervisor: wanted.api === null ? 0 : 1,
    service: wanted.api === null ? 0 : 1,
  };
  for (const [what, most] of Object.entries(expected) as [keyof typeof expected, number][]) {
    // A supervisor without services stays a minute, for the next one.
    const allowed = what === 'supervisor' ? 1 : most;
    if (running[what].length > allowed)
      left.push(`${running[what].length} x ${what}: ${running[what].join(', ')}`);
    if (running[what].length < most) left.push(`no ${what} runs`);
  }
  return left;
}

/** The step that a kill cut off, by the journal; null: none was under way. */
export async function stepCutOff(stateFolder: string): Promise<string | null> {
  const layout = stateLayout(stateFolder);
  for (const component of components) {
    const text = await readFile(layout.component(component).journal, 'utf8').catch(() => '');
    const last = parseJournal(text).at(-1);
    if (last?.phase === 'begin') return `${component}/${last.step}`;
  }
  return null;
}

/** The processes that name this state folder, by what they are. */
export function processesIn(stateFolder: string): Record<'agent' | 'supervisor' | 'service', number[]> {
  const found = { agent: [] as number[], supervisor: [] as number[], service: [] as number[] };
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    let words: string[];
    try {
      words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
    } catch {
      continue;
    }
    if (!words.some((word) => word.includes(stateFolder))) continue;
    const isService = words.some((word) => word.includes(`${stateFolder}/components/`));
    const isSupervisor = words.some((word) => /(^|\/)supervisor(-main\.ts)?$/.test(word));
    found[isService ? 'service' : isSupervisor ? 'supervisor' : 'agent'].push(Number(name));
  }
  return found;
}

/** Whether a host has come to rest at what is wanted, as its state folder shows it. */
export function isSettled(explained: Explanation, wanted: Committed, direction: string): boolean {
  return components.every((component) => {
    const one = explained.components.find((candidate) => candidate.component === component);
    if (wanted[component] === null && (one === undefined || one.installed === null)) {
      // Of a first install that was refused, only the refusal is left.
      return one === undefined || one.steps.length === 0;
    }
    if (one === undefined || one.steps.length > 0 || one.installed !== wanted[component]) return false;
    if (component === 'api' && one.running !== 'running') return false;
    const refuses = one.keeping.some(({ code }) => code === 'E_HEALTH_FAILED' || code === 'E_SERVICE_START');
    return direction !== 'bad' || component !== 'api' || refuses;
  });
}

/** A digest over everything in a data folder. */
export async function dataDigest(stateFolder: string, component: Component): Promise<string> {
  const { data } = stateLayout(stateFolder).component(component);
  const hash = createHash('sha256');
  const names = (await readdir(data, { recursive: true }).catch(() => [])).sort(compareTreePaths);
  for (const name of names) {
    const path = join(data, name);
    const { mode, uid, gid } = await lstat(path);
    hash.update(JSON.stringify([name, mode, uid, gid]));
    if (!(await lstat(path)).isDirectory()) hash.update(await readFile(path));
  }
  return hash.digest('hex');
}

/** What has come so far of each tree that is not whole yet, by its digest: bytes that the disk holds. */
export async function stagedBytes(stateFolder: string): Promise<ReadonlyMap<string, number>> {
  const staged = new Map<string, number>();
  for (const component of components) {
    const { trees } = stateLayout(stateFolder).component(component);
    for (const entry of await readdir(trees, { recursive: true, withFileTypes: true }).catch(() => [])) {
      const path = join(entry.parentPath, entry.name);
      const tree = /\/\.incoming-([0-9a-f]{64})\.part\//.exec(path)?.[1];
      if (tree === undefined || !entry.isFile()) continue;
      const { blocks, size } = await lstat(path);
      staged.set(tree, (staged.get(tree) ?? 0) + Math.min(size, blocks * 512));
    }
  }
  return staged;
}
