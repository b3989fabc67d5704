import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopServices } from '@xylem/agent/supervisor';
import {
  blueGreenService,
  convergeOnce,
  type RouterKind,
  type TestPackage,
  testRouter,
  writeTree,
} from '@xylem/agent/testing';
import { XylemError } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { startLoad } from '@xylem/testkit';
import type { Bench } from './bench.ts';

const kinds: readonly RouterKind[] = ['builtin', 'haproxy', 'nginx'];

/** Puts state and packages of one measurement into a folder of its own. */
async function lab(folder: string) {
  const fixtures = join(folder, 'fixtures');
  const state = join(folder, 'state');
  await mkdir(state);
  let count = 0;
  const wanted = async ({ files, ...placed }: TestPackage): Promise<string> => {
    await writeTree(join(fixtures, placed.tree), files);
    count += 1;
    const path = join(folder, `wanted-${count}.json`);
    const more = { snapshot: 1, number: 1, held: [], purge: [], keepPrevious: 1, fixtures };
    await writeFile(path, JSON.stringify({ ...more, components: [placed] }));
    return path;
  };
  /** Milliseconds from the desired state until the traffic was switched, and until it rested; and how long the probe took. */
  const lead = async (path: string) => {
    const beganMs = systemClock.monotonicMs();
    const at = new Map<string, number>();
    const { rested, waiting } = await convergeOnce(state, path, silentLog, {
      onJournalPoint: (point) => {
        const ms = systemClock.monotonicMs() - beganMs;
        if (!at.has(point)) at.set(point, ms);
      },
    });
    if (!rested || waiting.size > 0) {
      const why = [...waiting.values()].map(({ message }) => message).join('; ');
      throw new XylemError('E_INTERNAL', `The host does not come to rest: ${why}`);
    }
    const of = (point: string): number => at.get(`service/${point}`) ?? 0;
    const probedMs = of('probe/acted') - of('probe/written');
    return { routedMs: of('route/acted'), probedMs };
  };
  return { state, wanted, lead };
}

const seconds = (ms: number): Promise<void> => systemClock.sleep(ms);

export const bench: Bench = {
  usage:
    '--router builtin|haproxy|nginx [--rate 2000]: requests lost while a service changes its version and goes back',
  async run(words, say) {
    const { values } = parseArgs({
      args: [...words],
      options: { router: { type: 'string', default: 'builtin' }, rate: { type: 'string', default: '2000' } },
    });
    const kind = kinds.find((one) => one === values.router);
    const perSecond = Number(values.rate);
    if (kind === undefined || !(perSecond > 0)) {
      throw new XylemError('E_INPUT', 'Say --router builtin, haproxy or nginx, and --rate as a number.');
    }
    const folder = await mkdtemp(join(tmpdir(), 'xylem-bench-switch-'));
    const undoing: (() => unknown)[] = [];
    try {
      const router = await testRouter(kind, { after: (undo) => void undoing.push(undo) }, folder);
      if ('skip' in router) throw new XylemError('E_INPUT', router.skip);
      const { state, wanted, lead } = await lab(folder);
      undoing.push(() => stopServices({ stateFolder: state, clock: systemClock, log: silentLog }));
      const version = (number: string): TestPackage =>
        blueGreenService({
          component: 'shop',
          version: number,
          ports: router.ports,
          router: router.block,
          drainMs: 5_000,
          graceMs: 10_000,
        });
      const [one, two] = [await wanted(version('1.0.0')), await wanted(version('2.0.0'))];
      await lead(one);
      const load = await startLoad(router.front ?? 0, perSecond);
      undoing.push(() => load.kill());
      say(`${perSecond} requests/s through ${kind}`);
      // nginx answers for a moment after its first reload by what it was told before there was any version.
      await seconds(1_000);
      load.mark('steady');
      await seconds(3_000);
      load.mark('switch');
      const forth = await lead(two);
      await seconds(2_000);
      load.mark('rollback');
      const back = await lead(one);
      await seconds(2_000);
      const { start: _warmUp, ...phases } = await load.end();
      const all = Object.values(phases);
      const sum = (of: (phase: (typeof all)[number]) => number): number =>
        all.reduce((total, phase) => total + of(phase), 0);
      for (const [name, phase] of Object.entries(phases)) say(`${name}: ${JSON.stringify(phase)}`);
      return {
        inputs: {
          router: kind,
          perSecond,
          connections: 'every second request on a new one',
          bodies: 'version',
        },
        figures: {
          requestsSent: sum(({ sent }) => sent),
          requestsLost: sum(({ lost, refused }) => lost + refused),
          requestsSentAgain: sum(({ sentAgain }) => sentAgain),
          p99Ms: phases.switch?.p99Ms ?? 0,
          p99SteadyMs: phases.steady?.p99Ms ?? 0,
          rollbackMs: Math.round(back.routedMs),
          switchMs: Math.round(forth.routedMs),
          /** Without the wait for the service's own start. */
          overheadMs: Math.round(forth.routedMs - forth.probedMs),
        },
      };
    } finally {
      for (const undo of undoing.reverse()) await undo();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};
