import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import type { WhereHosts } from '@xylem/root/contract';
import { whereFleet } from '@xylem/root/where-fleet';
import { cleanup, postgres } from '@xylem/testkit';
import type { Bench } from './bench.ts';

const looks = 50;

export const bench: Bench = {
  usage:
    '[--hosts 100000] [--environments 20] [--database sqlite|postgres]: how long `xylem where`, `xylem status` and a page of `xylem where --hosts` (200 of one version, one after the other) take to answer, over HTTP, with three components of four versions on each of these hosts (rows; the root server runs in this process)',
  run: async (words) => {
    const { hosts, environments, database } = optionsOf(words);
    const own = cleanup();
    try {
      const server = database === 'postgres' ? await postgres(own) : undefined;
      if (server !== undefined && 'skip' in server) throw new XylemError('E_INPUT', server.skip);
      const url = await server?.createDatabase('where_runs');
      const config = url === undefined ? {} : { database: { kind: 'postgres' as const, url } };
      const { api } = await whereFleet(own, { hosts, environments, ...config });
      const where = await timed(() => api('where', { params: { product: 'shop' } }));
      const all = where.answer.environments.flatMap((one) =>
        one.components.flatMap(({ versions }) => versions),
      );
      // As the command asks.
      const status = await timed(async () => {
        const [answer] = await Promise.all([
          api('status'),
          api('quarantineList', { query: { open: 'true' } }),
        ]);
        return answer;
      });
      let next: string | null = null;
      let listed = 0;
      const page = await timed(async () => {
        const query = { version: '2.0.0', component: 'shop-web', ...(next === null ? {} : { after: next }) };
        const one: WhereHosts = await api('whereHosts', { params: { product: 'shop' }, query });
        next = one.next;
        listed += one.hosts.length;
      });
      return {
        inputs: { hosts, environments, database, looks },
        figures: {
          ...figuresOf('where', where.took),
          counted: all.reduce((sum, one) => sum + one.hosts, 0),
          ...figuresOf('status', status.took),
          ...figuresOf('page', page.took),
          listed,
          statesCounted: Object.values(status.answer.hosts).reduce((sum, one) => sum + one, 0),
        },
      };
    } finally {
      await own.run();
    }
  },
};

async function timed<T>(look: () => Promise<T>): Promise<{ took: number[]; answer: T }> {
  const took: number[] = [];
  for (;;) {
    const fromMs = systemClock.monotonicMs();
    const answer = await look();
    took.push(systemClock.monotonicMs() - fromMs);
    if (took.length === looks) return { took, answer };
  }
}

function figuresOf(what: string, took: readonly number[]): Record<string, number> {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.ceil(looks * share) - 1] ?? 0).toFixed(1));
  return { [`${what}Ms50`]: at(0.5), [`${what}Ms95`]: at(0.95), [`${what}MsMost`]: at(1) };
}

function optionsOf(words: readonly string[]) {
  const { values } = parseArgs({
    args: [...words],
    options: {
      hosts: { type: 'string', default: '100000' },
      environments: { type: 'string', default: '20' },
      database: { type: 'string', default: 'sqlite' },
    },
  });
  const [hosts, environments] = [Number(values.hosts), Number(values.environments)];
  const { database } = values;
  for (const [name, value] of Object.entries({ hosts, environments }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new XylemError('E_INPUT', `--${name} is a whole number from 1.`);
  if (database !== 'sqlite' && database !== 'postgres')
    throw new XylemError('E_INPUT', '--database is sqlite or postgres.');
  return { hosts, environments, database };
}
