import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemRandomness, writeFileAtomic } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';
import type { Bench, Measured } from './bench.ts';
import { countEgress } from './fleet/egress.ts';
import { type FleetOptions, fleetOptions } from './fleet/options.ts';
import { hostProcesses } from './fleet/processes.ts';
import { levelsOf, startRelays } from './fleet/relays.ts';
import { environment, inLab, type Lab, usageOf } from './lab.ts';

const lookMs = 250;
const settleMs = 15_000;
const withinMs = 900_000;

/** A root server, relays as processes, and hosts run by the agent's own code, many to a process. */
export const bench: Bench = {
  usage:
    '[--hosts 100] [--relays 4] [--depth 3] [--size 1000000] [--processes hosts/500] [--idle 60]: from a deployment until all hosts run it and the root server knows, over mutual TLS; state folders lie where TMPDIR says (/dev/shm: in memory)',
  run: async (words, say) => {
    const options = fleetOptions(words);
    return await inLab('all', (lab) => measure(lab, options, say));
  },
};

async function measure(lab: Lab, options: FleetOptions, say: (line: string) => void): Promise<Measured> {
  const { xylem, work, context, release, deploy, releasesAt } = lab;
  const folder = join(work, 'package');
  await mkdir(join(folder, 'tree'), { recursive: true });
  await writeFileAtomic(join(folder, 'tree', 'first.txt'), 'first\n');
  const { all, lowest } = await startRelays(lab, options);
  say(`${all.length} relays run`);
  await release('1.0.0', folder);
  await deploy('1.0.0', all.length === 0 ? [] : ['--watch']);
  const wanted = ['token', 'create', '--env', environment, '--uses', `${options.hosts}`];
  const { token, url } = (await xylem.command(wanted)) as { token: string; url: string };
  const hosts = hostProcesses(context, { processes: options.processes, folder: work });
  const begunMs = systemClock.monotonicMs();
  await hosts.join(
    Array.from({ length: options.hosts }, (_, i) => ({
      name: `host-${i}`,
      url: lowest[i % lowest.length]?.url ?? url,
      token,
    })),
  );
  const nodes = options.hosts + all.length;
  await until(() => hosts.arrivals().length === options.hosts, 'the first release on all hosts');
  await until(async () => (await reported('1.0.0')) === nodes, 'the reports of the first release');
  const secondsToJoin = (systemClock.monotonicMs() - begunMs) / 1000;
  say(`${options.hosts} hosts have joined in ${Math.round(secondsToJoin)} s`);

  await writeFileAtomic(join(folder, 'tree', 'second.bin'), systemRandomness.bytes(options.sizeBytes));
  await release('2.0.0', folder);
  await systemClock.sleep(settleMs);
  const root = (): ReturnType<typeof usageOf> => usageOf(xylem.pidOf('root'));
  const idleFrom = await root();
  say(`idle for ${options.idleSeconds} s`);
  await systemClock.sleep(options.idleSeconds * 1000);
  const before = { root: await root(), hosts: await hosts.usage() };
  const idleRootCpuPercent = ((before.root.cpuSeconds - idleFrom.cpuSeconds) / options.idleSeconds) * 100;

  const ports = [url, ...all.map((one) => one.url)].map((one) => Number(new URL(one).port));
  const egress = countEgress(context, ports);
  await hosts.watch();
  egress?.begin();
  const fromMs = systemClock.now();
  await deploy('2.0.0', ['--strategy', 'all-at-once']);
  const reports: { readonly atMs: number; readonly count: number }[] = [];
  await until(async () => {
    reports.push({ atMs: systemClock.now(), count: (await reported('2.0.0')) - all.length });
    return (reports.at(-1)?.count ?? 0) === options.hosts && hosts.arrivals().length === options.hosts;
  }, 'the second release on all hosts, and their reports');
  const after = { root: await root(), hosts: await hosts.usage() };
  const bytes = egress?.bytes() ?? new Map<number, number>();
  for (const [what, count] of hosts.warnings()) say(`${count} x ${what}`);

  const arrived = [...hosts.arrivals()].sort((a, b) => a - b);
  const seconds = (ms: number): number => Number(((ms - fromMs) / 1000).toFixed(2));
  const share = (of: number): number => Math.max(1, Math.ceil(options.hosts * of));
  const inPlace = (of: number): number => seconds(arrived[share(of) - 1] ?? Number.NaN);
  const known = (of: number): number =>
    seconds(reports.find(({ count }) => count >= share(of))?.atMs ?? Number.NaN);
  const ofRelays = ports.slice(1).map((port) => bytes.get(port) ?? 0);
  return {
    inputs: { ...options, directChildren: levelsOf(options.relays, options.depth - 1)[0] ?? options.hosts },
    figures: {
      secondsTo50: known(0.5),
      secondsTo99: known(0.99),
      secondsTo100: known(1),
      secondsInPlace50: inPlace(0.5),
      secondsInPlace99: inPlace(0.99),
      secondsInPlace100: inPlace(1),
      secondsToJoin: Number(secondsToJoin.toFixed(1)),
      ...(egress === null
        ? {}
        : {
            rootEgressBytes: bytes.get(ports[0] ?? 0) ?? 0,
            relayEgressBytes: Math.round(
              ofRelays.reduce((sum, one) => sum + one, 0) / Math.max(1, all.length),
            ),
          }),
      rootCpuSeconds: Number((after.root.cpuSeconds - before.root.cpuSeconds).toFixed(2)),
      rootPeakRssMb: Number(after.root.highestRssMb.toFixed(1)),
      hostCpuMillis: Number(
        (((after.hosts.cpuSeconds - before.hosts.cpuSeconds) * 1000) / options.hosts).toFixed(2),
      ),
      hostRssMb: Number((after.hosts.rssMb / options.hosts).toFixed(2)),
      reportsPerSecond: Number((options.hosts / known(1)).toFixed(1)),
      errors: [...hosts.warnings().values()].reduce((sum, one) => sum + one, 0),
      idleRootCpuPercent: Number(idleRootCpuPercent.toFixed(2)),
    },
  };

  async function reported(version: string): Promise<number> {
    const answer = await fetch(`${releasesAt.apiUrl}/api/v1/where/bench`, {
      headers: { authorization: `Bearer ${releasesAt.token}` },
    });
    const { environments } = (await answer.json()) as {
      environments: { components: { versions: { version: string; hosts: number }[] }[] }[];
    };
    const versions = environments.flatMap(({ components }) => components.flatMap((one) => one.versions));
    return versions.filter((one) => one.version === version).reduce((sum, one) => sum + one.hosts, 0);
  }
}

/** A look asks the root server, whose work is what is measured: it is not asked more often. */
async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const seldom = async (): Promise<boolean> => {
    const is = await isSo();
    if (!is) await systemClock.sleep(lookMs);
    return is;
  };
  await waitUntil(seldom, withinMs, what);
}
