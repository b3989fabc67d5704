import { readFile } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { DriverTools } from '../driver.ts';
import { act, type Ended } from '../system-packages/commands.ts';

const lockWaitMs = 60_000;
const lockLookMs = 500;

/**
 * Runs what needs dpkg's lock; while another program has it, waits for a minute.
 * @throws XylemError E_PACKAGE_SYSTEM naming who has the lock
 */
export async function actLocked(
  program: string,
  args: readonly string[],
  component: string,
  tools: DriverTools,
): Promise<Ended> {
  const { log: logPath } = tools.layout.component(component);
  const deadlineMs = tools.clock.monotonicMs() + lockWaitMs;
  for (;;) {
    const ended = await act(program, args, logPath);
    if (!isLocked(ended)) return ended;
    if (tools.clock.monotonicMs() > deadlineMs) {
      throw new XylemError(
        'E_PACKAGE_SYSTEM',
        `${component} waited ${lockWaitMs / 1000} s for dpkg's lock: ${await holderOf(ended.output)} has it.`,
      );
    }
    await tools.clock.sleep(lockLookMs, tools.signal);
  }
}

/** Both say so in these words, dpkg with the status 2, apt with 100. Pure. */
function isLocked({ code, output }: Ended): boolean {
  return code !== 0 && /lock was locked by another process|Could not get lock/.test(output);
}

async function holderOf(output: string): Promise<string> {
  const pid = /(?:with pid|by process) ([0-9]+)/.exec(output)?.[1];
  if (pid === undefined) return 'another program';
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return `process ${pid} (${command.split('\0').join(' ').trim().slice(0, 200) || 'gone since'})`;
}
