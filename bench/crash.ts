import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomKills } from '@xylem/agent/testing';
import { XylemError } from '@xylem/core';
import { cleanup } from '@xylem/testkit';
import type { Bench } from './bench.ts';

const entry = join(import.meta.dirname, '..', 'dist', 'xylem.js');

export const bench: Bench = {
  usage:
    '[--runs N] [--seed S]: directs a host N times and kills its agent at random moments on the way (SIGKILL); after each kill and at rest it is looked at from outside',
  async run(words, say) {
    const { values } = parseArgs({
      args: [...words],
      options: { runs: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
    });
    const [runs, seed] = [Number(values.runs), Number(values.seed)];
    if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed)) {
      throw new XylemError('E_INPUT', '--runs and --seed are whole numbers.');
    }
    await access(entry).catch(() => {
      throw new XylemError('E_INPUT', 'The program is not built: node tools/build.ts.');
    });
    const own = cleanup();
    try {
      const agent = (stateFolder: string) => [
        process.execPath,
        entry,
        'agent',
        'run',
        '--state',
        stateFolder,
      ];
      const found = await randomKills(own, { runs, seed, agent, say });
      const steps = Object.entries(found.killsByStep).sort(([a], [b]) => a.localeCompare(b));
      for (const [step, count] of steps) say(`killed during ${step}: ${count} times`);
      const inWork = steps.reduce((sum, [, count]) => sum + count, 0);
      return {
        inputs: { seed },
        figures: {
          runs: found.runs,
          kills: found.kills,
          killsInStep: inWork,
          resumed: found.resumed,
          mostFetchedAgainBytes: found.mostFetchedAgainBytes,
          violations: found.violations.length,
        },
      };
    } finally {
      await own.run();
    }
  },
};
