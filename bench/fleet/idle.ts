import { systemClock } from '@xylem/platform';
import type { Lab } from '../lab.ts';
import type { HostProcesses } from './processes.ts';
import { type Relay, usageOfRelays } from './relays.ts';
import { type RootServer, requestsBetween, total } from './root-server.ts';
import { untilSeldom } from './until.ts';

const usualSeconds = 3_600;
const settleMs = 15_000;

/** Whose work at rest is measured. */
export interface AtRest {
  readonly lab: Lab;
  readonly root: RootServer;
  readonly relays: readonly Relay[];
  readonly hosts: HostProcesses;
}

/**
 * An hour in which nothing changes, pressed into `seconds`: each host reports once in that time, as it else does in an
 * hour, while requests for news are held and asked again as always. So the true figure is below.
 * @returns `idleRootCpuPercent` and its like, percent of one core; `idleRootRequestsPerSecond`, and by what they were about
 */
export async function measureIdle(at: AtRest, seconds: number): Promise<Record<string, number>> {
  await reportEvery(seconds, at);
  const figures = await used('idle', at, seconds);
  await reportEvery(usualSeconds, at);
  return figures;
}

/** The same as it is, in seconds of an hour: hosts report as often as ever, and in a short time seldom. */
export async function measureRest(at: AtRest, seconds: number): Promise<Record<string, number>> {
  return await used('rest', at, seconds);
}

async function used(
  name: string,
  { lab, root, relays, hosts }: AtRest,
  seconds: number,
): Promise<Record<string, number>> {
  const look = async () => ({
    root: await root.usage(),
    served: await root.served(),
    hosts: await hosts.usage(),
    relays: await usageOfRelays(lab, relays),
  });
  const before = await look();
  await systemClock.sleep(seconds * 1000);
  const after = await look();
  const percent = (from: number, to: number): number => Number((((to - from) / seconds) * 100).toFixed(2));
  const requests = requestsBetween(before.served, after.served);
  const perSecond = (count: number): number => Number((count / seconds).toFixed(2));
  return {
    [`${name}RootCpuPercent`]: percent(before.root.cpuSeconds, after.root.cpuSeconds),
    [`${name}RootRequestsPerSecond`]: perSecond(total(requests)),
    ...Object.fromEntries(
      [...requests].map(([kind, count]) => [
        `${name}Root${kind[0]?.toUpperCase()}${kind.slice(1)}PerSecond`,
        perSecond(count),
      ]),
    ),
    [`${name}HostCpuPercent`]: percent(before.hosts.cpuSeconds, after.hosts.cpuSeconds),
    ...(before.relays === null || after.relays === null
      ? {}
      : { [`${name}RelayCpuPercent`]: percent(before.relays.cpuSeconds, after.relays.cpuSeconds) }),
  };
}

/** Resolves when all hosts follow what was directed last. */
async function reportEvery(everySeconds: number, { lab, hosts }: AtRest): Promise<void> {
  const { newest } = await hosts.directions();
  await lab.reportEvery(everySeconds);
  await untilSeldom(async () => (await hosts.directions()).oldest > newest, 'another interval of reports');
  await systemClock.sleep(settleMs);
}
