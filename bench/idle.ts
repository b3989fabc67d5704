import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, writeFileAtomic } from '@xylem/platform';
import { startNode } from '@xylem/testkit';
import type { Bench, Measured } from './bench.ts';
import { environment, inLab, type Lab, usageOf } from './lab.ts';

const settleMs = 20_000;
const watchMs = 60_000;

/** An agent that has joined, runs a component, was started anew, and has nothing to do. */
export const bench: Bench = {
  usage: '(no arguments): memory and CPU of an idle agent with TLS and TUF loaded, over a minute',
  run: (_words, say) => inLab('all', (lab) => measure(lab, say)),
};

async function measure(
  { xylem, work, release, deploy }: Lab,
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
    inputs: { watchedSeconds: watchMs / 1000 },
    figures: { agentRssMb: Number(after.rssMb.toFixed(1)), cpuPercent: Number(cpuPercent.toFixed(2)) },
  };
}
