import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { XylemError } from '@xylem/core';
import type { Bench } from './bench.ts';
import type { Group, Share, Told } from './fuzz-worker.ts';

const groups: readonly Group[] = ['core', 'trust', 'store', 'agent', 'root'];
/** One input that takes longer is a hang. */
const hangMs = 10_000;
const memory = { maxOldGenerationSizeMb: 512 };

interface Found {
  inputs: number;
  crashes: number;
  hangs: number;
  uncodedErrors: number;
}

export const bench: Bench = {
  usage:
    '[--inputs N] [--seed S] [--only PATTERN]: feeds every parser at the border with N changed inputs in all',
  async run(words, say) {
    const { values } = parseArgs({
      args: [...words],
      options: {
        inputs: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string', default: '' },
      },
    });
    const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
    if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(seed)) {
      throw new XylemError('E_INPUT', '--inputs and --seed are whole numbers.');
    }
    const only = new RegExp(values.only);
    const targets: { group: Group; name: string }[] = [];
    for (const group of groups) {
      for (const name of await namesOf(group)) {
        if (only.test(`${group}: ${name}`)) targets.push({ group, name });
      }
    }
    if (targets.length === 0) throw new XylemError('E_INPUT', `Nothing is named like ${values.only}.`);
    const count = Math.ceil(inputs / targets.length);
    const found: Found = { inputs: 0, crashes: 0, hangs: 0, uncodedErrors: 0 };
    // Two at once: one waits for sockets and disks while the other reckons.
    const waiting = groups.map((group) => ({
      group,
      names: targets.filter((one) => one.group === group).map(({ name }) => name),
    }));
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await feed(next.group, next.names, count, seed, found, say);
      }
    };
    await Promise.all([work(), work()]);
    return { inputs: { targets: targets.length, perTarget: count, seed }, figures: { ...found } };
  },
};

function start(share: Omit<Share, 'progress'>): { worker: Worker; counter: Int32Array } {
  const progress = new SharedArrayBuffer(4);
  const worker = new Worker(join(import.meta.dirname, 'fuzz-worker.ts'), {
    workerData: { ...share, progress } satisfies Share,
    resourceLimits: memory,
  });
  return { worker, counter: new Int32Array(progress) };
}

async function namesOf(group: Group): Promise<readonly string[]> {
  const { worker } = start({ group, names: null, count: 0, seed: 0 });
  return await new Promise((resolve, reject) => {
    let names: readonly string[] = [];
    worker.on('message', (told: Told) => {
      if ('names' in told) names = told.names;
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve(names));
  });
}

/** Feeds some targets in a thread; after a hang or a crash the rest in another. */
async function feed(
  group: Group,
  names: readonly string[],
  count: number,
  seed: number,
  found: Found,
  say: (line: string) => void,
): Promise<void> {
  let left = [...names];
  while (left.length > 0) {
    const { worker, counter } = start({ group, names: left, count, seed });
    let current: string | undefined;
    let isHanging = false;
    const watch = watchCounter(counter, () => {
      isHanging = true;
      void worker.terminate();
    });
    const fault = await new Promise<Error | null>((resolve) => {
      let error: Error | null = null;
      worker.on('message', (told: Told) => {
        if ('begun' in told) current = told.begun;
        if (!('done' in told)) return;
        left = left.filter((name) => name !== told.done);
        current = undefined;
        found.inputs += told.inputs;
        found.uncodedErrors += told.faults.length;
        const slowest = `slowest ${told.slowestMs.toFixed(0)} ms`;
        say(`${group}: ${told.done}: ${told.inputs} inputs, ${told.taken} taken, ${slowest}`);
        for (const one of told.faults) say(`  UNCODED ${one.error}\n  input: ${JSON.stringify(one.input)}`);
      });
      worker.on('error', (thrown: Error) => {
        error = thrown;
      });
      worker.once('exit', () => resolve(error));
    });
    clearInterval(watch);
    if (current === undefined && !isHanging && fault === null) return;
    const tried = Math.max(0, Atomics.load(counter, 0));
    found.inputs += tried;
    if (isHanging) found.hangs += 1;
    else found.crashes += 1;
    say(
      `${group}: ${current ?? 'before the first'}: ${isHanging ? 'HANGS' : `CRASHES (${fault?.stack})`} at input ${tried}`,
    );
    if (current === undefined) return;
    left = left.filter((name) => name !== current);
  }
}

function watchCounter(counter: Int32Array, onHang: () => void): NodeJS.Timeout {
  let before = -1;
  let since = performance.now();
  return setInterval(() => {
    const now = Atomics.load(counter, 0);
    if (now < 0 || now !== before) since = performance.now();
    before = now;
    if (performance.now() - since > hangMs) onHang();
  }, 500);
}
