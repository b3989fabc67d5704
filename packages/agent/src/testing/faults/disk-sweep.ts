import assert from 'node:assert/strict';
import { readlink } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import type { ErrorCode } from '@xylem/core';
import { randomFrom } from '@xylem/core/testing';
import type { DiskCall, FaultyDisk } from '@xylem/testkit';
import type { Convergence } from '../../converge/converge.ts';
import type { StepKind } from '../../converge/points.ts';
import { stateLayout } from '../../state/layout.ts';
import { type Bench, converge, looks } from '../crash-sweep.ts';
import { temporaryNames } from '../leaks.ts';

export interface DiskScenario {
  readonly name: string;
  readonly component: string;
  /** What is there before, in order. */
  readonly before: readonly string[];
  readonly wanted: string;
  /** What of this component can be seen outside of its slot. */
  readonly outside?: () => Promise<unknown>;
}

export interface DiskFault {
  readonly calls: readonly DiskCall[];
  readonly error: 'EIO' | 'ENOSPC' | 'EROFS';
  /** One call fails, and those after it do not. */
  readonly once?: boolean;
  /** What the host must say of it. */
  readonly code: ErrorCode;
}

export interface DiskSweep {
  /** Calls of an undisturbed pass, each of which can be the first that fails. */
  readonly points: number;
  readonly tried: number;
  /** Steps that failed by it, as the host says. */
  readonly failedIn: ReadonlySet<StepKind>;
}

/**
 * Leads a component where it should be, with a disk that fails from the first call on, then from the second, and so on;
 * looks; then again with a disk that works, which must end as a pass that nothing disturbed.
 * @param most of the points, chosen by `seed`; all of them where there are no more
 */
export async function diskSweep(
  context: TestContext,
  bench: Bench,
  disk: FaultyDisk,
  scenario: DiskScenario,
  fault: DiskFault,
  { most, seed }: { readonly most: number; readonly seed: number },
): Promise<DiskSweep> {
  const { component, wanted, outside } = scenario;
  const state = await bench.state(context);
  const none = await bench.wanted([], { purge: [component] });
  const { current } = stateLayout(state).component(component);
  const shown = (): Promise<string | null> => readlink(current).catch(() => null);
  const prepare = async (): Promise<void> => {
    for (const one of [none, ...scenario.before]) {
      const { rested, waiting } = await converge(state, one);
      assert.ok(rested);
      assert.deepEqual([...waiting], []);
    }
  };
  const all = async (result: Convergence): Promise<unknown> => ({
    looks: await looks(state, result),
    outside: await outside?.(),
    temporary: await temporaryNames(state),
  });

  // Once before: folders that a host makes once are there then, and each pass makes the same calls.
  await prepare();
  await converge(state, wanted);
  await prepare();
  const old = { shown: await shown(), outside: await outside?.() };
  disk.fail(fault.calls, fault.error, 0);
  const undisturbed = await converge(state, wanted).finally(() => undefined);
  const points = disk.heal();
  assert.ok(undisturbed.rested);
  assert.ok(points.length > 0, `${scenario.name} makes no such call`);
  const next = { shown: await shown(), outside: await outside?.() };
  const expected = await all(undisturbed);

  const failedIn = new Set<StepKind>();
  const chosen = choose(points.length, most, seed);
  for (const point of chosen) {
    await prepare();
    disk.fail(fault.calls, fault.error, point, fault.once);
    const outcome = await converge(state, wanted).catch((error: unknown) => error as Error);
    const hit = disk.heal().find((line) => line.endsWith(' failed'));
    const where = `${scenario.name}, call ${point} of ${points.length}: ${hit}`;
    assert.ok(hit, `${where}: never reached`);
    assert.ok([old.shown, next.shown].includes(await shown()), `${where}: neither the old nor the new`);
    if (outcome instanceof Error) assert.equal(codeOf(outcome), fault.error, `${where}: ${outcome.stack}`);
    else {
      const reason = outcome.waiting.get(component);
      if (reason === undefined) assert.deepEqual(await all(outcome), expected, where);
      else assert.equal(reason.code, fault.code, `${where}: ${reason.message}`);
      if (reason?.step !== undefined) failedIn.add(reason.step);
    }
    const again = await converge(state, wanted);
    assert.ok(again.rested, where);
    assert.deepEqual(await all(again), expected, where);
  }
  return { points: points.length, tried: chosen.length, failedIn };
}

const codeOf = (error: Error): unknown => (error as NodeJS.ErrnoException).code;

function choose(points: number, most: number, seed: number): number[] {
  const all = Array.from({ length: points }, (_, index) => index + 1);
  const random = randomFrom(seed);
  while (all.length > most) all.splice(random(all.length), 1);
  return all;
}
