import { readdirSync, readFileSync, statSync } from 'node:fs';
import { XylemError } from '@xylem/core';
import type { DriverTools } from '../driver.ts';
import { rpmSetup } from './status.ts';

const waitMs = 60_000;
const lookMs = 500;

/**
 * Waits for a minute while another program has rpm's lock: rpm itself would wait without end.
 * @throws XylemError E_PACKAGE_SYSTEM naming who has the lock
 */
export async function untilUnlocked(component: string, tools: DriverTools): Promise<void> {
  const { lock } = await rpmSetup();
  const deadlineMs = tools.clock.monotonicMs() + waitMs;
  for (;;) {
    const pid = holderOf(lock);
    if (pid === null) return;
    if (tools.clock.monotonicMs() > deadlineMs) {
      const command = read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim().slice(0, 200);
      throw new XylemError(
        'E_PACKAGE_SYSTEM',
        `${component} waited ${waitMs / 1000} s for rpm's lock: process ${pid} (${command || 'gone since'}) has it.`,
      );
    }
    await tools.clock.sleep(lookMs, tools.signal);
  }
}

/** Which process has a POSIX lock on this file. */
function holderOf(path: string): number | null {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) return null;
  const holders = read('/proc/locks').matchAll(/^\d+: (?:POSIX|OFDLCK) +\S+ +WRITE (\d+) /gm);
  for (const [, digits] of holders) {
    const pid = Number(digits);
    for (const name of names(`/proc/${pid}/fd`)) {
      const open = statSync(`/proc/${pid}/fd/${name}`, { throwIfNoEntry: false });
      if (open?.ino === file.ino && open.dev === file.dev) return pid;
    }
  }
  return null;
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
