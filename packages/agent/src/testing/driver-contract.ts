import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import type { ComponentKind } from '../converge/points.ts';
import { Bench, converge } from './crash-sweep.ts';
import type { TestPackage } from './packages.ts';
import { temporaryFolder } from './state-folder.ts';

/** One machine on which components of a kind are installed. */
export interface DriverMachine {
  /** A package of that version; `broken`: it comes as far as it can and then fails by its own fault. */
  version(version: string, options?: { readonly broken?: boolean }): TestPackage;
  /** Which version is in effect on this machine, looked at without the driver; null: none. */
  inEffect(state: string): Promise<string | null>;
  /** Takes what is in effect away, as somebody else would. */
  readonly disturb?: (state: string) => Promise<void>;
  close(): Promise<void>;
}

export interface DriverContract {
  readonly kind: ComponentKind;
  /** Where this kind can't be tried: why. */
  readonly skip?: string | undefined;
  /** Nothing of it lies outside of its slot: there is nothing to disturb. */
  readonly staysInSlot?: true;
  /** What its packages are called. Default: thing. */
  readonly component?: string;
  machine(folder: string): Promise<DriverMachine>;
}

/** What was committed before is started and not probed again: it may take a moment. */
async function takesEffect(own: DriverMachine, state: string, version: string | null): Promise<void> {
  const is = async (): Promise<boolean> => (await own.inEffect(state)) === version;
  await waitUntil(is, 20_000, `${version ?? 'nothing'} to be in effect`);
}

/** What every driver promises, whatever its kind. */
export function driverContract(contract: DriverContract): void {
  const { kind, skip, staysInSlot = false, machine, component = 'thing' } = contract;
  const options = skip === undefined ? {} : { skip };

  suite(`driver contract: ${kind}`, options, () => {
    test('installs, rests, updates, goes back, and removes what it brought', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const state = await bench.state(context);
      const own = await machine(bench.folder);
      try {
        const [v1, v2] = [own.version('1.0.0'), own.version('2.0.0')];
        assert.equal(v1.component, component);
        const [one, two, none] = [await bench.wanted([v1]), await bench.wanted([v2]), await bench.wanted([])];
        assert.ok((await converge(state, one)).rested);
        await takesEffect(own, state, '1.0.0');
        const plans: string[] = [];
        assert.ok((await converge(state, one, (plan) => plans.push(plan.action))).rested);
        assert.deepEqual(plans, [], 'what is right is left alone');
        assert.ok((await converge(state, two)).rested);
        await takesEffect(own, state, '2.0.0');
        assert.ok((await converge(state, one)).rested);
        await takesEffect(own, state, '1.0.0');
        assert.ok((await converge(state, none)).rested);
        await takesEffect(own, state, null);
      } finally {
        await own.close();
      }
    });

    test('what fails by its own fault is refused once, and what was there before is in effect', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const state = await bench.state(context);
      const own = await machine(bench.folder);
      try {
        const one = await bench.wanted([own.version('1.0.0')]);
        const bad = await bench.wanted([own.version('2.0.0', { broken: true })]);
        assert.ok((await converge(state, one)).rested);
        const after = await converge(state, bad);
        assert.ok(after.rested);
        await takesEffect(own, state, '1.0.0');
        assert.equal(after.slots.get(component)?.record?.installed?.version, '1.0.0');
        assert.equal(after.slots.get(component)?.record?.refused?.version, '2.0.0');
        const plans: string[] = [];
        await converge(state, bad, (plan) => plans.push(plan.action));
        assert.deepEqual(plans, [], 'it is not tried again');
      } finally {
        await own.close();
      }
    });

    if (staysInSlot) return;
    test('puts back what somebody else took away', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const state = await bench.state(context);
      const own = await machine(bench.folder);
      try {
        assert.ok(own.disturb);
        const one = await bench.wanted([own.version('1.0.0')]);
        assert.ok((await converge(state, one)).rested);
        await own.disturb(state);
        assert.notEqual(await own.inEffect(state), '1.0.0');
        assert.ok((await converge(state, one)).rested);
        await takesEffect(own, state, '1.0.0');
      } finally {
        await own.close();
      }
    });
  });
}
