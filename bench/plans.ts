import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { driverLooks, type PlanFleet, planFleet } from '@xylem/root/plan-fleet';
import { cleanup, postgres } from '@xylem/testkit';
import type { Bench, Measured } from './bench.ts';

const planFile = `release: shop@2.0.0
atOnce: 10%
approvals: [{ of: 1 }]
stages:
  - { name: first, to: '*/production', where: ring = 1, atOnce: 100% }
  - { name: rest, to: '*/production', ask: true }
`;
const patienceMs = 1_800_000;
const lookAgainMs = 250;

/** A plan of many tenants, from its making to its end and back, over a root server in this process. */
export const bench: Bench = {
  usage:
    '[--environments 200] [--hosts 3] [--database sqlite|postgres]: a plan for so many tenants with so many hosts each:\n' +
    '  made, looked at anew, approved, started with a tenth of them, shown, gone on with, finished, and taken back. Hosts\n' +
    '  are rows with keys, whose signed reports a relay brings; everything else is a root server as it runs, over its API.\n' +
    '  A block is how long the process does nothing else; hosts sign in the same process',
  run: async (words, say) => {
    const options = optionsOf(words);
    const own = cleanup();
    try {
      const server = options.database === 'postgres' ? await postgres(own) : undefined;
      if (server !== undefined && 'skip' in server) throw new XylemError('E_INPUT', server.skip);
      const url = await server?.createDatabase('plans');
      const fleet = await planFleet(own, {
        environments: options.environments,
        hostsEach: options.hosts,
        ...(url === undefined ? {} : { database: { kind: 'postgres', url } }),
      });
      return { inputs: { ...options }, figures: await measure(fleet, say) };
    } finally {
      await own.run();
    }
  },
};

async function measure(
  { root, environments, report }: PlanFleet,
  say: (line: string) => void,
): Promise<Measured['figures']> {
  const { api } = root;
  const blocks: number[] = [];
  const figures: Record<string, number> = {};
  const phase = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const startedMs = systemClock.monotonicMs();
    const cpu = process.cpuUsage();
    const result = await act();
    const used = process.cpuUsage(cpu);
    const ms = systemClock.monotonicMs() - startedMs;
    // The last block has to end before it is seen.
    await systemClock.sleep(10);
    delay.disable();
    const blockMs = delay.max / 1e6;
    blocks.push(blockMs);
    const cpuMs = Math.round((used.user + used.system) / 1_000);
    say(`${name}: ${Math.round(ms)} ms, processor ${cpuMs} ms, longest block ${Math.round(blockMs)} ms`);
    figures[`${name}Ms`] = Math.round(ms);
    return result;
  };
  const rssBefore = process.memoryUsage().rss;
  const { id } = await phase('prepare', () => api('planCreateFile', { body: { yaml: planFile, file: 'p' } }));
  const params = { id };
  await phase('refresh', () => api('planRefresh', { params }));
  await phase('approve', () => api('planApprove', { params, body: {} }));
  const first = environments.filter((_, index) => index % 10 === 0);
  await phase('start', () => api('planStart', { params, body: {} }));
  figures.lookMs = await driverLooks(root, id);
  say(`look: processor ${figures.lookMs} ms`);
  const shown = await phase('show', () => api('planShow', { params }));
  figures.showBytes = JSON.stringify(shown).length;
  await phase('firstStage', async () => {
    await report(first, '2.0.0');
    await reaches(() => stateOf('paused'));
  });
  const atOnce = Math.floor((environments.length - first.length) / 10);
  await phase('resume', () => api('planResume', { params, body: {} }));
  figures.beginMs = Math.round((figures.resumeMs ?? 0) / Math.max(1, atOnce));
  await phase('drive', async () => {
    const done = new Set(first);
    await reaches(async () => {
      const begun = (await api('planShow', { params })).deployments.map(
        ({ environment }) => environment.name,
      );
      const next = begun.filter((name) => !done.has(name));
      await report(next, '2.0.0');
      for (const name of next) done.add(name);
      return await stateOf('finished');
    });
  });
  await phase('rollback', async () => {
    await api('planRollback', { params, body: { reason: 'bench' } });
  });
  const back = await api('planShow', { params });
  const taken = back.stages
    .flatMap((stage) => stage.environments)
    .filter((one) => one.back?.state === 'begun');
  if (taken.length !== environments.length)
    throw new XylemError('E_INTERNAL', `Only ${taken.length} of ${environments.length} were taken back.`);
  return {
    ...figures,
    longestBlockMs: Math.round(Math.max(...blocks)),
    rssBeforeMb: Math.round(rssBefore / 1e6),
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };

  async function stateOf(state: string): Promise<boolean> {
    return (await api('planShow', { params })).state === state;
  }
}

async function reaches(isThere: () => Promise<boolean>): Promise<void> {
  const untilMs = systemClock.monotonicMs() + patienceMs;
  while (!(await isThere())) {
    if (systemClock.monotonicMs() > untilMs)
      throw new XylemError('E_TIMEOUT' as never, 'The plan stands still.');
    await systemClock.sleep(lookAgainMs);
  }
}

function optionsOf(words: readonly string[]) {
  const { values } = parseArgs({
    args: [...words],
    options: {
      environments: { type: 'string', default: '200' },
      hosts: { type: 'string', default: '3' },
      database: { type: 'string', default: 'sqlite' },
    },
  });
  const [environments, hosts] = [Number(values.environments), Number(values.hosts)];
  const { database } = values;
  if (!Number.isSafeInteger(environments) || environments < 11 || environments > 1_000)
    throw new XylemError('E_INPUT', '--environments is a whole number from 11 to 1000.');
  if (!Number.isSafeInteger(hosts) || hosts < 1)
    throw new XylemError('E_INPUT', '--hosts is a whole number from 1 on.');
  if (database !== 'sqlite' && database !== 'postgres')
    throw new XylemError('E_INPUT', '--database is sqlite or postgres.');
  return { environments, hosts, database };
}
