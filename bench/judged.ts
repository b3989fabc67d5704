import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { badRequestsOf, balancedLab, cleanup, program, startRoot, tempFolder } from '@xylem/testkit';
import type { Bench } from './bench.ts';

const entry = join(import.meta.dirname, '..', 'dist', 'xylem.js');
const waysOfOne: Readonly<Record<string, readonly string[]>> = {
  canary: ['--strategy', 'canary', '--steps', '1,25%'],
  rolling: ['--strategy', 'rolling', '--max-unavailable', '25%'],
  allAtOnce: ['--strategy', 'all-at-once'],
};
const overGroups: Readonly<Record<string, readonly string[]>> = {
  blueGreen: ['--strategy', 'blue-green', '--keep', '60'],
};

export const bench: Bench = {
  usage:
    '[--hosts 12] [--bake 60] [--rate 400] [--bad 5] [--groups]: in each strategy (with --groups: blue/green over two groups), what a release that answers a share of requests with an error comes to, behind a HAProxy and judged by a Prometheus',
  async run(words, say) {
    const { values } = parseArgs({
      args: [...words],
      options: {
        hosts: { type: 'string', default: '12' },
        bake: { type: 'string', default: '60' },
        rate: { type: 'string', default: '400' },
        bad: { type: 'string', default: '5' },
        groups: { type: 'boolean' },
      },
    });
    const [hosts, bakeSeconds, perSecond, badPercent] = [
      values.hosts,
      values.bake,
      values.rate,
      values.bad,
    ].map(Number);
    const own = cleanup();
    try {
      const folder = await tempFolder(own, 'bench-judged');
      const xylem = program({ entry, home: join(folder, 'home'), logs: join(folder, 'logs') });
      own.after(() => xylem.stop());
      const api = await startRoot(xylem, join(folder, 'root'), 'acme');
      const options = { hosts: hosts ?? 0, perSecond: perSecond ?? 0, badPercent: badPercent ?? 0 };
      const inGroups = values.groups === true;
      const ways = inGroups ? overGroups : waysOfOne;
      const lab = await balancedLab(own, xylem, api, folder, { ...options, inGroups });
      if ('skip' in lab) throw new XylemError('E_INPUT', lab.skip);
      const figures: Record<string, number> = {};
      for (const [name, strategy] of Object.entries(ways)) {
        lab.load.mark(name);
        const { reason, exposedHosts, secondsUntilStopped, secondsUntilBack } = await lab.fall([
          ...strategy,
          '--bake',
          `${bakeSeconds}`,
        ]);
        say(`${name}: ${reason}`);
        figures[`${name}ExposedHosts`] = exposedHosts;
        figures[`${name}SecondsUntilStopped`] = secondsUntilStopped;
        figures[`${name}SecondsUntilBack`] = secondsUntilBack;
      }
      const phases = await lab.load.end();
      for (const name of Object.keys(ways)) {
        const phase = phases[name];
        if (phase === undefined) continue;
        const { bad, other } = badRequestsOf(phase);
        figures[`${name}Requests`] = phase.sent;
        figures[`${name}BadRequests`] = bad;
        figures[`${name}LostInRestarts`] = other;
      }
      return {
        inputs: { ...options, bakeSeconds: bakeSeconds ?? 0, limit: 0.002, scrapedEachSeconds: 1 },
        figures,
      };
    } finally {
      await own.run();
    }
  },
};
