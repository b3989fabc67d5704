import { createHash } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { XylemError } from '@xylem/core';
import { type Randomness, writeFileAtomic } from '@xylem/platform';
import {
  bootId,
  identifyProcess,
  isAlive,
  type ProcessIdentity,
  parseProcessIdentity,
} from './process-identity.ts';

const attempts = 50;
const pauseMs = 20;

export interface StateLock {
  release(): Promise<void>;
}

/**
 * Takes the lock file `path` for this process; a lock whose process is gone is taken over.
 *
 * Invariants: the file appears only by `link`, which fails if it exists, so of two takers one loses; a stale one is
 * removed only by who holds the take-over, and only while it is still the stale one.
 * @throws XylemError E_STATE_LOCKED while another live process holds it
 */
export async function lockState(path: string, randomness: Randomness): Promise<StateLock> {
  const self = identifyProcess(process.pid) ?? { pid: process.pid, startTicks: 0, boot: '' };
  const own = `${path}.${self.pid}-${self.startTicks}.${randomness.bytes(6).toString('hex')}`;
  await writeOwn(own, path, JSON.stringify(self));
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (await linked(own, path)) return { release: () => releaseOwn(path, self) };
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text === null) continue;
      const holder = parseHolder(text);
      if (holder !== null && isAlive(holder)) throw lockedBy(holder, path);
      if (!(await removeStale(path, text))) await pause(pauseMs);
    }
  } finally {
    await unlink(own).catch(() => undefined);
  }
  throw new XylemError(
    'E_STATE_LOCKED',
    `${path} changes hands too quickly; is something restarting in a loop?`,
  );
}

/** What a taker writes before it links it, and whose it is; earlier versions did not say whose. */
const takerName = /^(?:\.tmp-)?(?:agent\.)?lock\.(?:(\d+)-(\d+)\.)?[0-9a-f]{12}(?:-[0-9a-f]{12})?$/;

/** Of the name of a file beside a lock: whether its taker still lives; null where it is no taker's, or not said whose. */
export function takerLives(name: string): boolean | null {
  const [, pid, startTicks] = takerName.exec(name) ?? [];
  if (pid === undefined || startTicks === undefined) return null;
  return isAlive({ pid: Number(pid), startTicks: Number(startTicks), boot: bootId() });
}

/** Whether a file of this name is what a taker of a lock wrote before it links it. */
export const isTakers = (name: string): boolean => takerName.test(name);

/** The live process that holds the lock, or null. Takes nothing. */
export async function lockHolder(path: string): Promise<ProcessIdentity | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  const holder = text === null ? null : parseHolder(text);
  return holder !== null && isAlive(holder) ? holder : null;
}

/**
 * Without a byte free on the disk too, for then of all times a host must come up again: a former lock gives its block,
 * a stale one or the one that was given back last.
 */
async function writeOwn(own: string, path: string, text: string): Promise<void> {
  const write = (): Promise<void> => writeFileAtomic(own, text, { mode: 0o600 });
  try {
    await write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const held = await readFile(path, 'utf8').catch(() => null);
    const holder = held === null ? null : parseHolder(held);
    if (held !== null && (holder === null || !isAlive(holder)) && (await removeStale(path, held))) {
      await write();
      return;
    }
    await rename(spareOf(path), own).catch(() => {
      throw error;
    });
    const file = await open(own, 'r+');
    try {
      await file.write(text, 0);
      await file.truncate(Buffer.byteLength(text));
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

const spareOf = (path: string): string => `${path}.spare`;

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Removes the stale lock; false while another taker is about to. */
async function removeStale(path: string, staleText: string): Promise<boolean> {
  const takeOver = await beginTakeOver(path);
  if (takeOver === null) return false;
  try {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === staleText) await unlink(path).catch(() => undefined);
    return true;
  } finally {
    await new Promise((resolve) => takeOver.close(resolve));
  }
}

/**
 * A name that the kernel gives to one process and takes back when that process dies: an abstract socket. Nothing is
 * left behind that could be stale itself.
 */
async function beginTakeOver(path: string): Promise<Server | null> {
  const name = createHash('sha256').update(path).digest('hex');
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen({ path: `\0xylem-take-over-${name}` }, () => resolve(server));
  });
}

async function releaseOwn(path: string, self: ProcessIdentity): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const holder = parseHolder(text);
  if (holder?.pid === self.pid && holder.startTicks === self.startTicks)
    await rename(path, spareOf(path)).catch(() => undefined);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function parseHolder(text: string): ProcessIdentity | null {
  try {
    return parseProcessIdentity(JSON.parse(text));
  } catch {
    return null;
  }
}

function lockedBy(holder: ProcessIdentity, path: string): XylemError {
  return new XylemError(
    'E_STATE_LOCKED',
    `process ${holder.pid} already runs on this state folder (${path}); stop it first`,
    {
      details: { pid: holder.pid },
    },
  );
}
