import { systemClock } from '@xylem/platform';
import type { Lab } from '../lab.ts';
import type { HostProcesses } from './processes.ts';
import { type RootServer, total } from './root-server.ts';
import { untilSeldom } from './until.ts';

const usualSeconds = 3_600;
const settleMs = 15_000;

export interface Idle {
  readonly idleRootCpuPercent: number;
  readonly idleRootRequestsPerSecond: number;
  readonly idleHostCpuPercent: number;
}

/**
 * An hour in which nothing changes, pressed into `seconds`: each host reports once in that time, as it else does in an
 * hour, while requests for news are held and asked again as always. So the true figure is below.
 */
export async function measureIdle(
  lab: Lab,
  root: RootServer,
  hosts: HostProcesses,
  seconds: number,
): Promise<Idle> {
  await reportEvery(seconds, lab, hosts);
  const before = {
    root: await root.usage(),
    requests: total((await root.served()).requests),
    hosts: await hosts.usage(),
  };
  await systemClock.sleep(seconds * 1000);
  const after = {
    root: await root.usage(),
    requests: total((await root.served()).requests),
    hosts: await hosts.usage(),
  };
  await reportEvery(usualSeconds, lab, hosts);
  const percent = (from: number, to: number): number => Number((((to - from) / seconds) * 100).toFixed(2));
  return {
    idleRootCpuPercent: percent(before.root.cpuSeconds, after.root.cpuSeconds),
    idleRootRequestsPerSecond: Number(((after.requests - before.requests) / seconds).toFixed(2)),
    idleHostCpuPercent: percent(before.hosts.cpuSeconds, after.hosts.cpuSeconds),
  };
}

/** Resolves when all hosts follow what was directed last. */
async function reportEvery(everySeconds: number, lab: Lab, hosts: HostProcesses): Promise<void> {
  const { newest } = await hosts.directions();
  await lab.reportEvery(everySeconds);
  await untilSeldom(async () => (await hosts.directions()).oldest > newest, 'another interval of reports');
  await systemClock.sleep(settleMs);
}
