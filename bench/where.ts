import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { whereFleet } from '@xylem/root/where-fleet';
import { cleanup, postgres } from '@xylem/testkit';
import type { Bench } from './bench.ts';

const looks = 50;

export const bench: Bench = {
  usage:
    '[--hosts 100000] [--environments 20] [--database sqlite|postgres]: how long `xylem where` waits for its answer, over HTTP, with three components of four versions on each of these hosts (rows; the root server runs in this process)',
  run: async (words) => {
    const { hosts, environments, database } = optionsOf(words);
    const own = cleanup();
    try {
      const server = database === 'postgres' ? await postgres(own) : undefined;
      if (server !== undefined && 'skip' in server) throw new XylemError('E_INPUT', server.skip);
      const url = await server?.createDatabase('where_runs');
      const config = url === undefined ? {} : { database: { kind: 'postgres' as const, url } };
      const { api } = await whereFleet(own, { hosts, environments, ...config });
      const took: number[] = [];
      let counted = 0;
      for (let look = 0; look < looks; look += 1) {
        const fromMs = systemClock.monotonicMs();
        const answer = await api('where', { params: { product: 'shop' } });
        took.push(systemClock.monotonicMs() - fromMs);
        const all = answer.environments.flatMap((one) => one.components.flatMap(({ versions }) => versions));
        counted = all.reduce((sum, one) => sum + one.hosts, 0);
      }
      const sorted = took.toSorted((a, b) => a - b);
      const at = (share: number): number => Number((sorted[Math.ceil(looks * share) - 1] ?? 0).toFixed(1));
      return {
        inputs: { hosts, environments, database, looks },
        figures: { whereMs50: at(0.5), whereMs95: at(0.95), whereMsMost: at(1), counted },
      };
    } finally {
      await own.run();
    }
  },
};

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
