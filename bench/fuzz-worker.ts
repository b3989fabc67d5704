// A thread of `bench/run fuzz`: feeds its share of the targets, one after the other, and says where it is in a counter
// that the main thread watches.
import { parentPort, workerData } from 'node:worker_threads';
import { agentFuzzTargets } from '@xylem/agent/testing';
import { coreFuzzTargets, type FuzzTarget, fuzz } from '@xylem/core/testing';
import { rootFuzzTargets } from '@xylem/root/testing';
import { storeFuzzTargets } from '@xylem/store/testing';
import { cleanup } from '@xylem/testkit';
import { trustFuzzTargets } from '@xylem/trust/testing';

export interface Share {
  /** Counts inputs; -1 while targets are made. */
  readonly progress: SharedArrayBuffer;
  readonly group: Group;
  readonly names: readonly string[] | null;
  readonly count: number;
  readonly seed: number;
}

export type Told =
  | { readonly names: readonly string[] }
  | { readonly begun: string }
  | {
      readonly done: string;
      readonly inputs: number;
      readonly taken: number;
      readonly slowestMs: number;
      readonly faults: readonly { readonly error: string; readonly input: string }[];
    };

export type Group = keyof typeof groups;

const own = cleanup();
const groups = {
  core: () => coreFuzzTargets(),
  trust: () => trustFuzzTargets(),
  store: () => storeFuzzTargets(own),
  agent: () => agentFuzzTargets(own),
  root: () => rootFuzzTargets({ after: (remove) => void own.after(remove) }),
} satisfies Record<string, () => FuzzTarget[] | Promise<FuzzTarget[]>>;

const tell = (told: Told): void => parentPort?.postMessage(told);

const { progress, group, names, count, seed } = workerData as Share;
const counter = new Int32Array(progress);
Atomics.store(counter, 0, -1);
const targets = await groups[group]();
if (names === null) tell({ names: targets.map(({ name }) => name) });
else {
  for (const target of targets.filter(({ name }) => names.includes(name))) {
    tell({ begun: target.name });
    Atomics.store(counter, 0, 0);
    const result = await fuzz(target, count, seed, () => void Atomics.add(counter, 0, 1));
    tell({
      done: target.name,
      inputs: result.inputs,
      taken: result.taken,
      slowestMs: result.slowestMs,
      faults: result.faults.map(({ error, input }) => ({
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        input: Buffer.from(input).toString('latin1').slice(0, 2_000),
      })),
    });
  }
}
await own.run();
