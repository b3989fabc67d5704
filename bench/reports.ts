import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { type ReportFleet, reportFleet } from '@xylem/root/report-fleet';
import { cleanup, postgres, waitUntil } from '@xylem/testkit';
import type { Bench, Measured } from './bench.ts';
import { usageOf, writtenBytesOf } from './lab.ts';

const withinMs = 600_000;
/** What follows from the last report is done by then. */
const settleMs = 3_000;

export const bench: Bench = {
  usage:
    '[--hosts 10000] [--batch 128] [--database sqlite|postgres] [--profile FOLDER]: what reports cost a root server, in a process of its own: the first\n' +
    '  of each host, those of a deployment, and those that say nothing new; signed, and brought in batches as relays do. Hosts are rows with keys',
  run: async (words) => {
    const options = optionsOf(words);
    const { hosts, batch, database, profile } = options;
    const own = cleanup();
    try {
      const server = database === 'postgres' ? await postgres(own) : undefined;
      if (server !== undefined && 'skip' in server) throw new XylemError('E_INPUT', server.skip);
      const url = await server?.createDatabase('reports');
      const fleet = await reportFleet(
        own,
        { hosts, ...(url === undefined ? {} : { database: { kind: 'postgres', url } }) },
        profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
      );
      const figures = await measure(fleet, options);
      await fleet.stop();
      return { inputs: { hosts, batch, database }, figures };
    } finally {
      await own.run();
    }
  },
};

async function measure(
  fleet: ReportFleet,
  { hosts, batch, database }: ReturnType<typeof optionsOf>,
): Promise<Measured['figures']> {
  const { api } = fleet.root;
  const figures: Record<string, number> = {};
  const phase = async (name: string, act: () => Promise<unknown>): Promise<void> => {
    const before = await usageOf(fleet.pid);
    const writtenBefore = await writtenBytesOf(fleet.pid);
    const fromMs = systemClock.monotonicMs();
    await act();
    const seconds = (systemClock.monotonicMs() - fromMs) / 1000;
    await systemClock.sleep(settleMs);
    const { cpuSeconds, highestRssMb } = await usageOf(fleet.pid);
    figures[`${name}CpuMillisPerReport`] = Number(
      (((cpuSeconds - before.cpuSeconds) * 1000) / hosts).toFixed(3),
    );
    figures[`${name}ReportsPerSecond`] = Math.round(hosts / seconds);
    figures[`${name}PeakRssMb`] = Math.round(highestRssMb);
    // PostgreSQL writes in processes of its own.
    if (database === 'sqlite')
      figures[`${name}WrittenBytesPerReport`] = Math.round(
        ((await writtenBytesOf(fleet.pid)) - writtenBefore) / hosts,
      );
  };
  const first = fleet.reports('1.0.0');
  await phase('first', () => fleet.bring(first, batch));
  const body = {
    kind: 'deploy' as const,
    product: 'shop',
    version: '2.0.0',
    environments: ['acme/production'],
    strategy: { kind: 'all-at-once' as const },
  };
  const { deployments } = await api('deploymentCreate', { body });
  const params = { id: deployments[0]?.id ?? '' };
  await systemClock.sleep(settleMs);
  const changed = fleet.reports('2.0.0');
  await phase('deployment', () => fleet.bring(changed, batch));
  // Not sooner: who shows a deployment reads all that its hosts said.
  await waitUntil(
    async () => (await api('deploymentShow', { params })).state === 'succeeded',
    withinMs,
    'the deployment has succeeded',
  );
  const same = fleet.reports('2.0.0');
  await phase('unchanged', () => fleet.bring(same, batch));
  return figures;
}

function optionsOf(words: readonly string[]) {
  const { values } = parseArgs({
    args: [...words],
    options: {
      hosts: { type: 'string', default: '10000' },
      batch: { type: 'string', default: '128' },
      database: { type: 'string', default: 'sqlite' },
      profile: { type: 'string' },
    },
  });
  const [hosts, batch] = [Number(values.hosts), Number(values.batch)];
  const { database, profile } = values;
  if (!Number.isSafeInteger(hosts) || hosts < 1)
    throw new XylemError('E_INPUT', '--hosts is a whole number from 1.');
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new XylemError('E_INPUT', '--batch is a whole number from 1.');
  if (database !== 'sqlite' && database !== 'postgres')
    throw new XylemError('E_INPUT', '--database is sqlite or postgres.');
  return { hosts, batch, database, profile };
}
