import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock, writeFileAtomic } from '@xylem/platform';
import { startNode } from '@xylem/testkit';
import type { Bench, Measured } from './bench.ts';
import { environment, inLab, type Lab, type LabComponent, usageOf } from './lab.ts';

const settleMs = 20_000;
const watchMs = 60_000;

/** Every second one is a service. */
const componentsOf = (count: number): LabComponent[] =>
  Array.from({ length: count }, (_, i) => ({
    component: `payload-${i + 1}`,
    manifest: i % 2 === 0 ? 'kind: files\n' : 'kind: service\nservice:\n  command: [sleep, infinity]\n',
  }));

/** An agent that has joined, runs its components, was started anew, and has nothing to do. */
export const bench: Bench = {
  usage:
    '[--components 1]: memory and CPU of an idle agent with TLS and TUF loaded, over a minute; every second component is a service',
  run: async (words, say) => {
    const { values } = parseArgs({
      args: [...words],
      options: { components: { type: 'string', default: '1' } },
    });
    const count = Number(values.components);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new XylemError('E_INPUT', '--components is a whole number from 1.');
    }
    return await inLab('all', (lab) => measure(lab, count, say), { components: componentsOf(count) });
  },
};

async function measure(
  { xylem, work, release, deploy }: Lab,
  components: number,
  say: (line: string) => void,
): Promise<Measured> {
  const state = join(work, 'host');
  await startNode(xylem, { name: 'host', environment, state });
  const folder = join(work, 'package');
  await mkdir(join(folder, 'tree'), { recursive: true });
  await writeFileAtomic(join(folder, 'tree', 'payload.txt'), 'a payload\n');
  await release('1.0.0', folder);
  await deploy('1.0.0', ['--watch']);
  await xylem.end('host', 'SIGTERM');
  await xylem.start('host', ['agent', 'run', '--state', state]);
  say('waiting for it to become idle');
  await systemClock.sleep(settleMs);
  const before = await usageOf(xylem.pidOf('host'));
  say('watching it for a minute');
  await systemClock.sleep(watchMs);
  const after = await usageOf(xylem.pidOf('host'));
  const cpuPercent = ((after.cpuSeconds - before.cpuSeconds) / (watchMs / 1000)) * 100;
  return {
    inputs: { components, watchedSeconds: watchMs / 1000 },
    figures: { agentRssMb: Number(after.rssMb.toFixed(1)), cpuPercent: Number(cpuPercent.toFixed(2)) },
  };
}
