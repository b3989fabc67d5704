import { link, readFile, rename, unlink } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { type Randomness, writeFileAtomic } from '@xylem/platform';
import { identifyProcess, isAlive, type ProcessIdentity, parseProcessIdentity } from './process-identity.ts';

export interface StateLock {
  release(): Promise<void>;
}

/**
 * Takes the lock file `path` for this process; a lock whose process is gone is taken over.
 *
 * Invariant: the file appears only by `link`, which fails if it exists, so of two takers one loses.
 * @throws XylemError E_STATE_LOCKED while another live process holds it
 */
export async function lockState(path: string, randomness: Randomness): Promise<StateLock> {
  const self = identifyProcess(process.pid) ?? { pid: process.pid, startTicks: 0, boot: '' };
  const own = `${path}.${randomness.bytes(6).toString('hex')}`;
  await writeFileAtomic(own, JSON.stringify(self), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      if (await linked(own, path)) {
        return { release: () => releaseOwn(path, self) };
      }
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text === null) continue;
      const holder = parseHolder(text);
      if (holder !== null && isAlive(holder)) throw lockedBy(holder, path);
      await setAside(path, text, `${own}.stale`);
    }
  } finally {
    await unlink(own).catch(() => undefined);
  }
  throw new XylemError(
    'E_STATE_LOCKED',
    `${path} changes hands too quickly; is something restarting in a loop?`,
  );
}

/** Moves the stale lock away; if another taker was quicker and this is theirs, puts it back. */
async function setAside(path: string, staleText: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readFile(aside, 'utf8').catch(() => staleText);
  if (moved !== staleText) await linked(aside, path);
  await unlink(aside).catch(() => undefined);
}

async function releaseOwn(path: string, self: ProcessIdentity): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const holder = parseHolder(text);
  if (holder?.pid === self.pid && holder.startTicks === self.startTicks)
    await unlink(path).catch(() => undefined);
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
