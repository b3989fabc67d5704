import { readFileSync } from 'node:fs';
import { XylemError } from '@xylem/core';
import { localPolicy } from '../../policy/local-policy.ts';
import { identifyProcess } from '../../state/process-identity.ts';
import type { DriverTools } from '../driver.ts';
import { ask } from './commands.ts';
import { recordFile } from './others.ts';

/** The kernel's own word for this boot, read anew each time; empty where there is none. */
export function currentBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** @throws XylemError E_RESTART_NEEDED where root does not let packages have the host started anew */
export async function mayReboot(component: string): Promise<void> {
  const { packages } = await localPolicy();
  if (packages.reboot) return;
  throw new XylemError(
    'E_RESTART_NEEDED',
    `${component} asks for this host to be started anew, and /etc/xylem/policy.yaml says \`reboot: false\`.`,
    { retry: 'later' },
  );
}

const goesDownMs = 10 * 60_000;
const lookMs = 250;

/**
 * Has the host started anew, unless it was since this component last changed packages. It does not come back where that
 * happens: the agent ends with the host, and after it finds another boot id here. Where it finds the same one under
 * another process 1, it would ask again and again: then the id says nothing on this host.
 * @throws XylemError E_RESTART_NEEDED when the host does not go down, or its boot id stays
 */
export async function rebootOnce(component: string, tools: DriverTools): Promise<void> {
  const file = recordFile(component, tools);
  const record = await file.read();
  const changedIn = record?.changedIn ?? null;
  if (record === null || changedIn === null || changedIn !== currentBoot()) return;
  await mayReboot(component);
  const init = identifyProcess(1);
  const { asked } = record;
  if (asked?.boot === changedIn && init !== null && asked.startTicks !== init.startTicks) {
    const why = `it was, and its boot id is still ${changedIn}: a container, or a system that does not give each boot its own`;
    throw staysUp(component, why);
  }
  // Durably, before it goes down: what comes back must know that it was asked.
  if (init !== null) await file.write({ ...record, asked: { ...init, boot: changedIn } });
  tools.log.warn('the host is started anew', { component });
  const { code, output } = await ask('systemctl', ['reboot']);
  if (code !== 0)
    throw staysUp(component, `systemctl reboot ended with status ${code}: ${output.trim().slice(-500)}`);
  const deadlineMs = tools.clock.monotonicMs() + goesDownMs;
  while (currentBoot() === changedIn) {
    if (tools.clock.monotonicMs() > deadlineMs)
      throw staysUp(component, `it was asked to go down ${goesDownMs / 60_000} minutes ago, and is still up`);
    await tools.clock.sleep(lookMs, tools.signal);
  }
}

function staysUp(component: string, why: string): XylemError {
  return new XylemError('E_RESTART_NEEDED', `${component} needs the host to be started anew: ${why}.`);
}
