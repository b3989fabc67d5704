import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemRandomness, writeFileAtomic } from '@xylem/platform';
import type { Bench, Measured } from './bench.ts';
import { countEgress } from './fleet/egress.ts';
import { faultsIn } from './fleet/faults.ts';
import { type AtRest, measureIdle, measureRest } from './fleet/idle.ts';
import { type FleetOptions, fleetOptions } from './fleet/options.ts';
import { hostProcesses } from './fleet/processes.ts';
import { areLevel, inTurn, levelsOf, startRelays, usageOfRelays } from './fleet/relays.ts';
import { bytesByClass, requestsBetween, rootServer, total } from './fleet/root-server.ts';
import { untilSeldom } from './fleet/until.ts';
import { environment, inLab, type Lab } from './lab.ts';

/** Relays run nothing themselves: what is counted is what hosts say. */
const isHost = 'of = fleet';
const settleMs = 15_000;

/** A root server, relays as processes, and hosts run by the agent's own code, many to a process. */
export const bench: Bench = {
  usage:
    '[--hosts 100] [--relays 4] [--depth 3] [--size 1000000] [--processes hosts/500] [--idle 60] [--rest 0] [--kill 0]: from a deployment until all hosts run it and the root server knows, over mutual TLS, and an hour at rest; state folders of hosts lie where TMPDIR says (/dev/shm: in memory); their calls of the file system are made at once instead of by a thread pool, nothing is synced, and large files that hosts of one process have fetched are kept once',
  run: async (words, say) => {
    const options = fleetOptions(words);
    return await inLab(isHost, (lab) => measure(lab, options, say));
  },
};

async function measure(lab: Lab, options: FleetOptions, say: (line: string) => void): Promise<Measured> {
  const { xylem, work, context, release, deploy } = lab;
  const root = rootServer(lab);
  const folder = join(work, 'package');
  await mkdir(join(folder, 'tree'), { recursive: true });
  await writeFileAtomic(join(folder, 'tree', 'first.txt'), 'first\n');
  const { all, lowest } = await startRelays(lab, options);
  say(`${all.length} relays run`);
  await release('1.0.0', folder);
  await deploy('1.0.0');
  const wanted = [
    'token',
    'create',
    '--env',
    environment,
    '--uses',
    // Who joins and does not hear of it joins again.
    `${options.hosts * 2}`,
    '--label',
    'of=fleet',
  ];
  const { token, url } = (await xylem.command(wanted)) as { token: string; url: string };
  const hosts = hostProcesses(context, { processes: options.processes, folder: work });
  const begunMs = systemClock.monotonicMs();
  const toJoin = Array.from({ length: options.hosts }, (_, i) => ({ name: `host-${i}`, token }));
  if (lowest.length === 0) await hosts.join(toJoin.map((one) => ({ ...one, url })));
  else
    await inTurn(lab, lowest, async (awake) => {
      const below = awake.flatMap(({ at, url: parent }) =>
        toJoin.filter((_, i) => i % lowest.length === at).map((one) => ({ ...one, url: parent })),
      );
      await hosts.join(below);
    });
  say(`${options.hosts} hosts have joined in ${secondsSince(begunMs)} s`);
  await untilSeldom(() => areLevel(lab, all), 'the same direction on all relays');
  say(`all relays know them after ${secondsSince(begunMs)} s`);
  await hosts.begin();
  await untilSeldom(() => hosts.arrivals().length === options.hosts, 'the first release on all hosts');
  await untilSeldom(
    async () => (await root.reported('1.0.0')) === options.hosts,
    'the reports of the first release',
  );
  const secondsToJoin = secondsSince(begunMs);
  say(`they run the first release after ${secondsToJoin} s`);

  await writeFileAtomic(join(folder, 'tree', 'second.bin'), systemRandomness.bytes(options.sizeBytes));
  await release('2.0.0', folder);
  await systemClock.sleep(settleMs);
  const at: AtRest = { lab, root, relays: all, hosts };
  if (options.restSeconds > 0) say(`${options.restSeconds} s at rest`);
  const rest = options.restSeconds > 0 ? await measureRest(at, options.restSeconds) : {};
  if (options.idleSeconds > 0) say(`an hour at rest in ${options.idleSeconds} s`);
  const idle = options.idleSeconds > 0 ? await measureIdle(at, options.idleSeconds) : {};

  const ports = [url, ...all.map((one) => one.url)].map((one) => Number(new URL(one).port));
  const egress = countEgress(context, ports);
  const used = async () => ({
    root: await root.usage(),
    served: await root.served(),
    hosts: await hosts.usage(),
    relays: await usageOfRelays(lab, all),
  });
  const nodes = ['root', ...all.map(({ name }) => name)];
  const faultsBefore = await faultsIn(lab, nodes);
  const before = await used();
  await root.forgetHighestRss();
  await hosts.watch();
  egress?.begin();
  const fromMs = systemClock.now();
  say('the second release is deployed');
  await deploy('2.0.0', ['--strategy', 'all-at-once']);
  const victims = all
    .filter((_, i) => i % 2 === 1)
    .concat(all.filter((_, i) => i % 2 === 0))
    .slice(0, options.kills);
  const reports: { readonly atMs: number; readonly count: number }[] = [];
  await untilSeldom(async () => {
    if (hosts.arrivals().length >= options.hosts / 4)
      for (const { name } of victims.splice(0)) process.kill(xylem.pidOf(name), 'SIGKILL');
    reports.push({ atMs: systemClock.now(), count: await root.reported('2.0.0') });
    return reports.at(-1)?.count === options.hosts && hosts.arrivals().length === options.hosts;
  }, 'the second release on all hosts, and their reports');
  const after = await used();
  const bytes = egress?.bytes() ?? new Map<number, number>();
  for (const [what, count] of hosts.warnings()) say(`${count} x ${what}`);
  const faults = await faultsIn(lab, nodes);
  for (const [what, count] of faultsBefore) faults.set(what, (faults.get(what) ?? 0) - count);
  for (const [what, count] of faults) if (count > 0) say(`${count} x ${what}`);

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
      secondsToJoin,
      ...(egress === null
        ? {}
        : {
            rootEgressBytes: bytes.get(ports[0] ?? 0) ?? 0,
            relayEgressBytes: Math.round(
              ofRelays.reduce((sum, one) => sum + one, 0) / Math.max(1, all.length),
            ),
            mostRelayEgressBytes: Math.max(0, ...ofRelays),
          }),
      ...bytesByClass(before.served, after.served),
      rootRequests: total(requestsBetween(before.served, after.served)),
      rootCpuSeconds: Number((after.root.cpuSeconds - before.root.cpuSeconds).toFixed(2)),
      rootPeakRssMb: Number(after.root.highestRssMb.toFixed(1)),
      rootRssMbBefore: Number(before.root.rssMb.toFixed(1)),
      rootPeakRssMbBefore: Number(before.root.highestRssMb.toFixed(1)),
      ...(after.relays === null || before.relays === null
        ? {}
        : {
            relayCpuSeconds: Number((after.relays.cpuSeconds - before.relays.cpuSeconds).toFixed(2)),
            relayRssMb: Number((after.relays.rssMb / all.length).toFixed(1)),
          }),
      hostCpuMillis: Number(
        (((after.hosts.cpuSeconds - before.hosts.cpuSeconds) * 1000) / options.hosts).toFixed(2),
      ),
      hostRssMb: Number((after.hosts.rssMb / options.hosts).toFixed(2)),
      reportsPerSecond: Number((options.hosts / known(1)).toFixed(1)),
      errors: total(hosts.warnings()) + total(faults),
      nodeErrors: total(faults),
      mostFetchedBytes: Math.max(...hosts.fetchedBytes()),
      ...rest,
      ...idle,
    },
  };
}

const secondsSince = (ms: number): number => Number(((systemClock.monotonicMs() - ms) / 1000).toFixed(1));
