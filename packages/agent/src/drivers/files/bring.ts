import { rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools } from '../driver.ts';
import { type BeforeStore, beforeStore, keepFound } from './before.ts';
import { type OpenFolder, openFolder } from './folder.ts';
import { type Found, lookAt, lookOf } from './look.ts';
import { type PlacedFiles, type PlacedOne, placedFile } from './placed-file.ts';
import type { RenderedFile } from './render.ts';
import { putBack, removeBeside, takePlace, writeBeside } from './write.ts';

export type FileTools = Pick<DriverTools, 'layout' | 'clock' | 'log'>;

/** What bringing files to their places needs. */
export interface Bringing {
  readonly placed: Placed;
  /** What should be there; none to take everything back. */
  readonly rendered: readonly RenderedFile[];
  readonly tools: FileTools;
  /** Whether the real path of a file is one where it may go. @throws XylemError E_FILE_DENIED */
  readonly refuse: (realPath: string) => void;
}

export interface Brought {
  /** A file came, went or got another mode or owner, now or when this was begun before. */
  readonly hasChanged: boolean;
  /** The change is done with: it is remembered that nothing is left to do. */
  finish(): Promise<void>;
}

/**
 * Brings the files of a component to their places, and takes back those that it has no more.
 *
 * Invariants: what stood at a place before is kept before anything takes that place; `placed.json` says durably what is
 * about to come before it comes; no file takes its place before every one of them is written and synced beside its own,
 * so a full disk is met while all is as it was; a file is at any moment the old one or the new one.
 */
export async function bringFiles(options: Bringing): Promise<Brought> {
  const { placed, rendered, tools } = options;
  const own = tools.layout.component(placed.component);
  const file = placedFile(own.placed, tools.log);
  const record = await file.read();
  const before = beforeStore(own.before, tools.log);
  const folders = heldFolders();
  try {
    const known = new Map((record?.files ?? []).map((one) => [one.to, one]));
    const look: Looking = { ...options, known, before, places: await before.places() };
    const changes: RenderedFile[] = [];
    const made = new Set(record?.folders ?? []);
    for (const one of rendered) {
      const { isRight, missing } = await lookAtOne(one, look);
      for (const folder of missing) made.add(folder);
      if (!isRight) changes.push(one);
    }
    const wanted = new Set(rendered.map(({ to }) => to));
    const stale = [...new Set([...look.places, ...known.keys()])].filter((to) => !wanted.has(to)).sort();
    const pending: PlacedFiles = {
      placed,
      isPending: true,
      folders: [...made].sort(),
      files: [
        ...rendered.map((one) => placedOne(one, known.get(one.to)?.digests ?? [], '')),
        ...stale.flatMap((to) => known.get(to) ?? []),
      ],
    };
    await file.write(pending);
    await writeAll(changes, folders, options).catch(async (error: unknown) => {
      // Nothing took its place: what was true before is true again.
      if (record !== null) await file.write(record).catch(() => undefined);
      throw error;
    });
    for (const { to } of changes) {
      const folder = await folders.open(dirname(to));
      await takePlace(folder, to);
      await folder.sync();
    }
    let takenBack = 0;
    for (const to of stale) if (await takeBack(to, look)) takenBack += 1;
    return {
      hasChanged: changes.length + takenBack > 0 || record?.isPending === true,
      finish: async () => {
        const left = await removeFolders(pending.folders, wanted);
        const files: PlacedOne[] = [];
        for (const one of rendered) files.push(placedOne(one, [], (await lookOf(one.to)) ?? ''));
        await file.write({ placed, isPending: false, folders: left, files });
        // Only now: cut off before it, what was put back would be taken for somebody else's in the way of nothing.
        for (const to of stale) await before.forget(to);
      },
    };
  } finally {
    await folders.close();
  }
}

interface Looking extends Bringing {
  readonly known: ReadonlyMap<string, PlacedOne>;
  readonly before: BeforeStore;
  readonly places: ReadonlySet<string>;
}

async function lookAtOne(
  one: RenderedFile,
  { known, before, places, placed, tools, refuse }: Looking,
): Promise<{ isRight: boolean; missing: readonly string[] }> {
  const folder = await openFolder(dirname(one.to), false);
  const isMissing = 'missing' in folder;
  const realFolder = isMissing ? (folder.missing.at(-1) ?? '/') : folder.path;
  let found: Found | null = null;
  try {
    refuse(`${realFolder === '/' ? '' : realFolder}/${basename(one.to)}`);
    if (!isMissing) found = await lookAt(folder.at(basename(one.to)), one.to);
  } finally {
    if (!isMissing) await folder.close();
  }
  const isOwn = found?.what === 'file' && known.get(one.to)?.digests.includes(found.digest) === true;
  const isSame = found?.what === 'file' && found.digest === one.digest;
  if (!places.has(one.to)) await before.keep(one.to, isOwn ? null : found);
  else if (found !== null && !isOwn && !isSame && !isAlike(found, await before.read(one.to))) {
    await setAside(one.to, found, placed, tools);
  }
  const isRight =
    isSame && found?.owner.mode === one.mode && found.owner.uid === one.uid && found.owner.gid === one.gid;
  return { isRight, missing: isMissing ? folder.missing : [] };
}

async function setAside(to: string, found: Found, { component }: Placed, tools: FileTools): Promise<void> {
  const kept = await keepFound(tools.layout.found, component, to, found, tools.clock);
  tools.log.warn('a placed file was changed by something else', { component, to, kept });
}

function isAlike(found: Found, other: Found | null): boolean {
  if (other === null || found.what !== other.what) return false;
  return found.what === 'link'
    ? other.what === 'link' && found.target === other.target
    : other.what === 'file' && found.digest === other.digest;
}

async function writeAll(
  changes: readonly RenderedFile[],
  folders: HeldFolders,
  { refuse }: Bringing,
): Promise<void> {
  const begun: RenderedFile[] = [];
  try {
    for (const one of changes) {
      const folder = await folders.open(dirname(one.to));
      refuse(`${folder.path}/${basename(one.to)}`);
      begun.push(one);
      await writeBeside(folder, one.to, one.bytes, one);
    }
  } catch (error) {
    for (const { to } of begun)
      await removeBeside(await folders.open(dirname(to)), to).catch(() => undefined);
    throw error;
  }
}

/**
 * What stood there before stands there again. A place that can't be reached any more is left as it is.
 * @returns whether anything changed
 */
async function takeBack(to: string, { known, before, placed, tools }: Looking): Promise<boolean> {
  const kept = await before.read(to);
  let hasChanged = false;
  try {
    const folder = await openFolder(dirname(to), false);
    if (!('missing' in folder)) {
      try {
        await removeBeside(folder, to);
        const found = await lookAt(folder.at(basename(to)), to);
        const isOwn = found?.what === 'file' && known.get(to)?.digests.includes(found.digest) === true;
        const isBack = found === null ? kept === null : isAlike(found, kept);
        if (found !== null && !isOwn && !isBack) await setAside(to, found, placed, tools);
        if (!isBack) await putBack(folder, to, kept);
        hasChanged = !isBack;
      } finally {
        await folder.close();
      }
    }
  } catch (error) {
    if (!(error instanceof XylemError) || error.code !== 'E_FILE_DENIED') throw error;
    if (kept !== null) await keepFound(tools.layout.found, placed.component, to, kept, tools.clock);
    tools.log.warn('a placed file is left where it is', { component: placed.component, to, cause: error });
  }
  return hasChanged;
}

function placedOne(
  { to, digest, mode, uid, gid }: RenderedFile,
  former: readonly string[],
  look: string,
): PlacedOne {
  return { to, digests: [...new Set([digest, ...former])], mode, uid, gid, look };
}

/** Those that were made for files which are gone, while nobody else put something there. @returns what is left */
async function removeFolders(folders: readonly string[], wanted: ReadonlySet<string>): Promise<string[]> {
  const left: string[] = [];
  for (const path of [...folders].reverse()) {
    const isNeeded = [...wanted].some((to) => to.startsWith(`${path}/`));
    if (isNeeded || !(await removeFolder(path))) left.push(path);
  }
  return left.reverse();
}

async function removeFolder(path: string): Promise<boolean> {
  const parent = await openFolder(dirname(path), false).catch(() => null);
  if (parent === null || 'missing' in parent) return true;
  try {
    await rmdir(parent.at(basename(path)));
    await parent.sync();
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  } finally {
    await parent.close();
  }
}

interface HeldFolders {
  /** Made where it is missing. */
  open(path: string): Promise<OpenFolder>;
  close(): Promise<void>;
}

/** Each folder is opened once: what is written beside takes its place in the very same one. */
function heldFolders(): HeldFolders {
  const held = new Map<string, OpenFolder>();
  return {
    open: async (path) => {
      const known = held.get(path);
      if (known !== undefined) return known;
      const folder = await openFolder(path, true);
      if ('missing' in folder) throw new XylemError('E_INTERNAL', `${path} was not made.`);
      held.set(path, folder);
      return folder;
    },
    close: async () => {
      for (const folder of held.values()) await folder.close();
    },
  };
}

/** Of files that were taken back. The record goes last: whoever is cut off before does it again. */
export async function forgetFiles(component: string, { layout }: Pick<FileTools, 'layout'>): Promise<void> {
  const own = layout.component(component);
  await rm(own.rendered, { recursive: true, force: true });
  await rm(own.before, { recursive: true, force: true });
  await rm(own.placed, { force: true });
}
