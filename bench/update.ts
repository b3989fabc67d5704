import { lstatSync, readlinkSync } from 'node:fs';
import { cp, mkdir, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock, writeFileAtomic } from '@xylem/platform';
import { cleanup, countingProxy, type Program, program, tempFolder, waitUntil } from '@xylem/testkit';
import type { Bench } from './bench.ts';
import { sameFolders } from './same-folders.ts';

const entry = join(import.meta.dirname, '..', 'dist', 'xylem.js');
const environment = 'bench/main';
const updateWithinMs = 600_000;
/** So long without a byte counts as quiet: reports and watermarks of the install have passed. */
const quietMs = 2500;

interface Counters {
  readonly down: number;
  readonly up: number;
  readonly requests: number;
}

/** More live releases of the product, as a publisher has after years. */
async function releaseOften(xylem: Program, count: number, say: (line: string) => void): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    await xylem.command(['release', 'create', `bench@0.0.${n}`, '--with', 'payload@1.0.0']);
    if (n % 100 === 0) say(`${n} further releases`);
  }
}

/** Publishes both folders as versions of one component, each in a release. */
async function publishBoth(xylem: Program, work: string, folders: readonly [string, string]): Promise<void> {
  for (const [index, folder] of folders.entries()) {
    const version = `${index + 1}.0.0`;
    const made = join(work, `package-${version}`);
    await cp(folder, join(made, 'tree'), { recursive: true, verbatimSymlinks: true });
    const manifest = `product: bench\ncomponent: payload\nversion: ${version}\nkind: files\nfolder: tree\n`;
    await writeFileAtomic(join(made, 'xylem.yaml'), manifest);
    await xylem.command(['package', 'publish', made]);
    await xylem.command(['release', 'create', `bench@${version}`, '--with', `payload@${version}`]);
  }
}

/** Root server, relay, and a host that reaches the relay through a proxy which counts at the socket. */
async function startTree(xylem: Program, work: string, context: ReturnType<typeof cleanup>) {
  const rootState = join(work, 'root');
  const made = (await xylem.command(['root', 'init', '--state', rootState, '--tenant', 'bench'])) as {
    operatorToken: string;
  };
  const words = ['root', 'run', '--state', rootState, '--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const { apiUrl } = (await xylem.start('root', words)) as { apiUrl: string };
  await xylem.command(['login', apiUrl, '--token', made.operatorToken]);
  const yaml = join(work, 'environment.yaml');
  await writeFileAtomic(
    yaml,
    `environment: ${environment}\nproducts:\n  bench:\n    components:\n      payload: { where: name = host }\n`,
  );
  await xylem.command(['env', 'create', environment, '--file', yaml]);

  const join_ = async (
    name: string,
    parent: string | undefined,
    serve: readonly string[],
  ): Promise<string> => {
    const token = (await xylem.command(['token', 'create', '--env', environment, ...serve])) as {
      token: string;
      url: string;
    };
    const state = join(work, name);
    await xylem.command([
      'join',
      parent ?? token.url,
      '--token',
      token.token,
      '--name',
      name,
      '--state',
      state,
      ...serve,
    ]);
    return state;
  };
  const relayState = await join_('relay', undefined, ['--serve']);
  const relay = (await xylem.start('relay', [
    'agent',
    'run',
    '--state',
    relayState,
    '--listen',
    '127.0.0.1:0',
  ])) as { url: string };
  const proxy = await countingProxy(context, { port: Number(new URL(relay.url).port) });
  const parent = `https://127.0.0.1:${proxy.port}`;
  const hostState = await join_('host', parent, []);
  await xylem.start('host', ['agent', 'run', '--state', hostState]);
  return { proxy, hostState };
}

async function highestRssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

const linkAt = (path: string): string | undefined =>
  lstatSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readlinkSync(path);

async function isFolder(path: string | undefined, flag: string): Promise<string> {
  if (path === undefined) throw new XylemError('E_INPUT', `${flag} DIR is missing: the folder of a version.`);
  const folder = resolve(path);
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new XylemError('E_INPUT', `${flag} ${folder} is no folder.`);
  return realpath(folder);
}

async function measure(
  old: string,
  next: string,
  liveReleases: number,
  say: (line: string) => void,
): Promise<Record<string, number | boolean>> {
  const context = cleanup();
  const work = await tempFolder(context);
  const xylem = program({ entry, home: join(work, 'home'), logs: join(work, 'logs') });
  context.after(() => xylem.stop());
  try {
    await mkdir(work, { recursive: true });
    const { proxy, hostState } = await startTree(xylem, work, context);
    await publishBoth(xylem, work, [old, next]);
    await releaseOften(xylem, liveReleases, say);
    const current = join(hostState, 'components', 'payload', 'current');
    const requests = async (): Promise<number> => {
      const host = (await xylem.command(['host', 'show', 'host'])) as {
        transfer: { requests: number } | null;
      };
      return host.transfer?.requests ?? 0;
    };
    const quiet = async (): Promise<Counters> => {
      for (let before = -1; ; ) {
        const now = proxy.bytesDown() + proxy.bytesUp();
        if (now === before)
          return { down: proxy.bytesDown(), up: proxy.bytesUp(), requests: await requests() };
        before = now;
        await systemClock.sleep(quietMs);
      }
    };
    say('installing the old version');
    await xylem.command([
      'deploy',
      'bench@1.0.0',
      '--to',
      environment,
      '--yes',
      '--watch',
      '--timeout',
      String(updateWithinMs / 1000),
    ]);
    const before = await quiet();
    const wasAt = linkAt(current);

    say('updating');
    const startedMs = systemClock.monotonicMs();
    await xylem.command(['deploy', 'bench@2.0.0', '--to', environment, '--yes']);
    await waitUntil(() => linkAt(current) !== wasAt, updateWithinMs, 'the switch to the new version');
    const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
    const after = await quiet();
    const [relayPeakRssMb, agentPeakRssMb] = await Promise.all([
      highestRssMb(xylem.pidOf('relay')),
      highestRssMb(xylem.pidOf('host')),
    ]);
    return {
      wireBytesDown: after.down - before.down,
      wireBytesUp: after.up - before.up,
      requests: after.requests - before.requests,
      seconds: Number(seconds.toFixed(3)),
      relayPeakRssMb: Math.round(relayPeakRssMb),
      agentPeakRssMb: Math.round(agentPeakRssMb),
      verified: await sameFolders(next, current),
    };
  } finally {
    await context.run();
  }
}

export const bench: Bench = {
  usage:
    '--old DIR --new DIR [--live-releases N]: updates a real host behind a real relay, from one folder to the other',
  async run(words, say) {
    const { values } = parseArgs({
      args: [...words],
      options: { old: { type: 'string' }, new: { type: 'string' }, 'live-releases': { type: 'string' } },
    });
    const old = await isFolder(values.old, '--old');
    const next = await isFolder(values.new, '--new');
    const liveReleases = Number(values['live-releases'] ?? 0);
    if (!Number.isSafeInteger(liveReleases) || liveReleases < 0) {
      throw new XylemError('E_INPUT', '--live-releases: expected a whole number.');
    }
    const figures = await measure(old, next, liveReleases, say);
    return { inputs: { old, new: next, liveReleases }, figures };
  },
};
