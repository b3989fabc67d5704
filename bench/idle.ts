import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, writeFileAtomic } from '@xylem/platform';
import { cleanup, program, tempFolder } from '@xylem/testkit';
import type { Bench } from './bench.ts';

const entry = join(import.meta.dirname, '..', 'dist', 'xylem.js');
const environment = 'bench/main';
const settleMs = 20_000;
const watchMs = 60_000;
const clockTicksPerSecond = 100;

interface Usage {
  readonly rssMb: number;
  readonly cpuSeconds: number;
}

async function usageOf(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const rssKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  return { rssMb: rssKb / 1024, cpuSeconds: ticks / clockTicksPerSecond };
}

/** An agent that has joined, runs a component, was started anew, and has nothing to do. */
export const bench: Bench = {
  usage: '(no arguments): memory and CPU of an idle agent with TLS and TUF loaded, over a minute',
  async run(_words, say) {
    const context = cleanup();
    const work = await tempFolder(context);
    const xylem = program({ entry, home: join(work, 'home'), logs: join(work, 'logs') });
    context.after(() => xylem.stop());
    try {
      const rootState = join(work, 'root');
      const made = (await xylem.command(['root', 'init', '--state', rootState, '--tenant', 'bench'])) as {
        operatorToken: string;
      };
      const words = ['root', 'run', '--state', rootState, '--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
      const { apiUrl } = (await xylem.start('root', words)) as { apiUrl: string };
      await xylem.command(['login', apiUrl, '--token', made.operatorToken]);
      const yaml = join(work, 'environment.yaml');
      const spec = `environment: ${environment}\nproducts:\n  bench:\n    components:\n      payload: { where: all }\n`;
      await writeFileAtomic(yaml, spec);
      await xylem.command(['env', 'create', environment, '--file', yaml]);
      const { token, url } = (await xylem.command(['token', 'create', '--env', environment])) as {
        token: string;
        url: string;
      };
      const host = join(work, 'host');
      await xylem.command(['join', url, '--token', token, '--name', 'host', '--state', host]);
      await xylem.start('host', ['agent', 'run', '--state', host]);
      const folder = join(work, 'package');
      await mkdir(join(folder, 'tree'), { recursive: true });
      await writeFileAtomic(join(folder, 'tree', 'payload.txt'), 'a payload\n');
      await writeFileAtomic(
        join(folder, 'xylem.yaml'),
        'product: bench\ncomponent: payload\nversion: 1.0.0\nkind: files\nfolder: tree\n',
      );
      await xylem.command(['package', 'publish', folder]);
      await xylem.command(['release', 'create', 'bench@1.0.0', '--with', 'payload@1.0.0']);
      await xylem.command(['deploy', 'bench@1.0.0', '--to', environment, '--yes', '--watch']);
      await xylem.end('host', 'SIGTERM');
      await xylem.start('host', ['agent', 'run', '--state', host]);
      say('waiting for it to become idle');
      await systemClock.sleep(settleMs);
      const before = await usageOf(xylem.pidOf('host'));
      say('watching it for a minute');
      await systemClock.sleep(watchMs);
      const after = await usageOf(xylem.pidOf('host'));
      return {
        inputs: { watchedSeconds: watchMs / 1000 },
        figures: {
          agentRssMb: Number(after.rssMb.toFixed(1)),
          cpuPercent: Number((((after.cpuSeconds - before.cpuSeconds) / (watchMs / 1000)) * 100).toFixed(2)),
        },
      };
    } finally {
      await context.run();
    }
  },
};
