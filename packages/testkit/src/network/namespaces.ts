import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../run.ts';
import { waitUntil } from '../wait-until.ts';

const prefix = 'xylem-lab-';
const ofProcess = new RegExp(`^${prefix}(\\d+)-`);
let labs = 0;

/** What the names of one more lab of this process begin with; the process is in it, so that others see whether it lives. */
export const labPrefix = (): string => `${prefix}${process.pid}-${labs++}-`;

export const ip = async (...words: string[]): Promise<string> =>
  (await run('/usr/sbin/ip', words)).stdout.trim();

/** Files in there stand at their places below /etc for what `ip netns exec` runs. */
export const etcOf = (namespace: string): string => join('/etc/netns', namespace);

/** Ends, by SIGKILL, all that runs in a namespace. */
export async function killAllIn(namespace: string): Promise<void> {
  const pids = async (): Promise<number[]> =>
    (await ip('netns', 'pids', namespace)).split('\n').filter(Boolean).map(Number);
  await waitUntil(
    async () => {
      const found = await pids();
      for (const pid of found) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Ended in between.
        }
      }
      return found.length === 0;
    },
    10_000,
    `${namespace} to be empty`,
  );
}

export async function removeNamespace(namespace: string): Promise<void> {
  await killAllIn(namespace);
  await ip('netns', 'del', namespace);
  await rm(etcOf(namespace), { recursive: true, force: true });
}

/** Removes what labs left whose process was killed. */
export async function sweepLabs(): Promise<void> {
  const names = (await ip('netns', 'list')).split('\n').map((line) => line.split(' ')[0] ?? '');
  for (const name of names) {
    const pid = ofProcess.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    // Another sweep may be faster.
    await removeNamespace(name).catch(() => undefined);
  }
}
