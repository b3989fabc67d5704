import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { testMain } from '@xylem/testkit';
import { beginObserving } from '../adopt/observe.ts';
import type { Convergence } from '../converge/converge.ts';
import type { ComponentKind, JournalPoint, StepKind } from '../converge/points.ts';
import type { SlotPlan } from '../converge/steps.ts';
import type { Accepted, WantedState } from '../direction/wanted.ts';
import { doubt } from '../drift/doubt.ts';
import { stateLayout } from '../state/layout.ts';
import { stopServices } from '../supervisor/stop-services.ts';
import { systemdSupervisor } from '../supervisor/systemd/client.ts';
import { convergeOnce } from './converge-once.ts';
import { missedPoints, pointsOf, shortOf } from './crash-points.ts';
import { contentsOf, mountsBelow, processesBelow, temporaryNames } from './leaks.ts';
import { type TestPackage, writeTree } from './packages.ts';
import { cleanUp } from './state-folder.ts';
import { waitFor } from './wait-for.ts';

const main = testMain(new URL('converge-main.ts', import.meta.url));
/** Who runs the services: Xylem's own supervisor, or the systemd of a host that is there for the test alone. */
export type Services = 'built-in' | 'systemd';

/** A pass in a process of its own that should kill itself; whether it did. */
export function killedAt(state: string, wanted: string, point: string, services: Services): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [main, state, wanted, point, ...(services === 'systemd' ? [services] : [])],
      { maxBuffer: 1 << 26 },
      (error, _stdout, stderr) => {
        if (error === null) resolve(false);
        else if (error.signal === 'SIGKILL') resolve(true);
        else reject(new Error(`${error.message}\n${stderr}`));
      },
    );
  });
}

export const converge = (
  state: string,
  wanted: string,
  onPlan: (plan: SlotPlan) => void = () => undefined,
  services: Services = 'built-in',
): Promise<Convergence> => {
  const options = { stateFolder: state, clock: systemClock, log: silentLog, changed: () => undefined };
  const supervisor = services === 'systemd' ? { supervisor: systemdSupervisor(options) } : {};
  return convergeOnce(state, wanted, silentLog, { onPlan, ...supervisor });
};

/** The packages and state folders of one test. */
export class Bench {
  readonly folder: string;
  readonly #fixtures: string;
  #count = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.#fixtures = join(folder, 'fixtures');
  }

  async wanted(packages: readonly TestPackage[], more: Partial<Accepted> = {}): Promise<string> {
    for (const { files, tree } of packages) await writeTree(join(this.#fixtures, tree), files);
    this.#count += 1;
    const path = join(this.folder, `wanted-${this.#count}.json`);
    const components = packages.map(({ files: _files, ...placed }) => placed);
    const state = { snapshot: 1, number: 1, components, held: [], purge: [], keepPrevious: 1, ...more };
    await writeFile(path, JSON.stringify({ ...state, fixtures: this.#fixtures }));
    return path;
  }

  async state(context: TestContext): Promise<string> {
    this.#count += 1;
    const state = join(this.folder, `state-${this.#count}`);
    await mkdir(state);
    cleanUp(context, async () => {
      await stopServices({ stateFolder: state, clock: systemClock, log: silentLog });
      // A supervisor that ends may still close its log while the folder goes.
      await rm(state, { recursive: true, force: true, maxRetries: 5 });
    });
    return state;
  }
}

/** What a user can see of a state folder, without times and processes. */
export async function looks(state: string, result: Convergence): Promise<unknown> {
  const components: Record<string, unknown> = {};
  for (const slot of result.slots.values()) {
    const folder = join(state, 'components', slot.component);
    const { record } = slot;
    components[slot.component] = {
      current: await readlink(join(folder, 'current')).catch(() => null),
      files: await readdir(join(folder, 'current')).catch(() => null),
      trees: slot.trees,
      partials: slot.partials,
      running: slot.running === null ? null : slot.running.tree,
      // Of a tree that was put back under it, a service would work on in the folder that is no more.
      worksIn: await readlink(`/proc/${slot.running?.instance.split('.')[0]}/cwd`).catch(() => null),
      installed: record?.installed?.version ?? null,
      previous: record?.previous.map(({ version }) => version) ?? null,
      refused: record?.refused === null || record === null ? null : record.refused.code,
      data: await contentsOf(join(folder, 'data')),
    };
  }
  return { components, waiting: [...result.waiting].map(([component, { code }]) => [component, code]) };
}

export interface Scenario {
  readonly name: string;
  readonly component: string;
  readonly kind: ComponentKind;
  /** What is there before, in order. */
  readonly before: readonly string[];
  readonly wanted: string;
  /** The host observes, before anything of `before` is wanted; orders stand in the `entry` of what is wanted. */
  readonly observes?: true;
  /** What others make before anything of `before` is wanted, each time anew. */
  readonly byHand?: () => Promise<void>;
  /** A file of the tree in place that somebody removed, and that was found missing. */
  readonly missing?: string;
  /** Steps whose points this scenario must pass. */
  readonly steps: readonly StepKind[];
  /** Steps among them that fail, so that they never come to `acted`. */
  readonly failing?: readonly StepKind[];
  /** What of this component can be seen outside of its slot, without times and process ids. */
  readonly outside?: (state: string) => Promise<unknown>;
  /** What must be true right after the kill, before anything goes on. */
  readonly meanwhile?: (state: string) => Promise<void>;
}

/** Kills a process at journal points of scenarios, goes on in another, and compares with a run that was not killed. */
export interface CrashSweep {
  run(context: TestContext, bench: Bench, scenario: Scenario): Promise<void>;
  /** Points of this kind that no scenario reached that should have, or that none has. */
  missed(): readonly JournalPoint[];
}

interface Points {
  readonly listed: Set<string>;
  readonly taken: Set<string>;
  readonly reached: Set<string>;
}

/** At each point of each scenario, or where that shows most (crash-points.ts); by hand `all`. */
export type Depth = 'all' | 'short';

export function crashDepth(services: Services = 'built-in'): Depth {
  const { XYLEM_CRASH_POINTS, XYLEM_SYSTEMD_POINTS } = process.env;
  return (services === 'systemd' ? XYLEM_SYSTEMD_POINTS : XYLEM_CRASH_POINTS) === 'all' ? 'all' : 'short';
}

export function crashSweep(kind: ComponentKind, services: Services = 'built-in'): CrashSweep {
  const points: Points = { listed: new Set(), taken: new Set(), reached: new Set() };
  const depth = crashDepth(services);
  return {
    run: (context, bench, scenario) => {
      const chosen = depth === 'all' ? pointsOf(scenario) : shortOf(scenario, points.taken);
      for (const point of pointsOf(scenario)) points.listed.add(point);
      for (const point of chosen) points.taken.add(point);
      return sweep(context, bench, scenario, chosen, points.reached, services);
    },
    missed: () => missedPoints(kind, points, depth),
  };
}

/** What `current` may show of the version that is tried, also where it fails. */
async function treesOf({ component, wanted }: Scenario): Promise<string[]> {
  const { components } = JSON.parse(await readFile(wanted, 'utf8')) as WantedState;
  return components.filter((one) => one.component === component).map(({ tree }) => join('trees', tree));
}

async function sweep(
  context: TestContext,
  bench: Bench,
  scenario: Scenario,
  points: readonly JournalPoint[],
  reached: Set<string>,
  services: Services,
): Promise<void> {
  const lead = async (wanted: string): Promise<Convergence> => {
    let result = await converge(state, wanted, undefined, services);
    if (services === 'built-in') return result;
    // systemd has not started a program yet when it has been asked to.
    await waitFor('services to run', async () => {
      if ([...result.slots.values()].every(({ running }) => running?.alive !== false)) return true;
      result = await converge(state, wanted, undefined, services);
      return false;
    });
    return result;
  };
  const state = await bench.state(context);
  const none = await bench.wanted([], { purge: [scenario.component] });
  /** The same folder and supervisor are used again: everything is removed and installed anew. */
  const prepare = async (): Promise<void> => {
    const layout = stateLayout(state);
    for (const path of [layout.adoption, layout.adoptions]) await rm(path, { force: true });
    for (const wanted of [none, ...scenario.before]) {
      const { rested, waiting } = await lead(wanted);
      assert.ok(rested);
      assert.deepEqual([...waiting], []);
      if (wanted !== none) continue;
      if (scenario.observes === true) await beginObserving(layout, 'a test', systemClock, silentLog);
      await scenario.byHand?.();
    }
    const data = join(state, 'components', scenario.component, 'data');
    await mkdir(data, { recursive: true });
    await writeFile(join(data, 'kept'), 'by the user');
    if (scenario.missing === undefined) return;
    const current = join(state, 'components', scenario.component, 'current');
    await rm(join(current, scenario.missing));
    await doubt(`${await realpath(current)}.tree`);
  };
  await prepare();
  const { current } = stateLayout(state).component(scenario.component);
  const shown = (): Promise<string | null> => readlink(current).catch(() => null);
  const oldOrNew = [await shown(), ...(await treesOf(scenario))];
  const undisturbed = await lead(scenario.wanted);
  assert.ok(undisturbed.rested);
  oldOrNew.push(await shown());
  const all = async (result: Convergence): Promise<unknown> => ({
    looks: await looks(state, result),
    outside: await scenario.outside?.(state),
    left: {
      temporary: await temporaryNames(state),
      mounts: mountsBelow(state),
      // Those of podman come and go by themselves.
      processes: scenario.kind === 'container' ? null : processesBelow(state),
    },
  });
  const expected = await all(undisturbed);
  for (const point of points) {
    await context.test(`${scenario.name}: ${point}`, async () => {
      await prepare();
      assert.ok(await killedAt(state, scenario.wanted, point, services), `${point} was never reached`);
      reached.add(point);
      assert.ok(oldOrNew.includes(await shown()), 'the slot is the old or the new');
      await scenario.meanwhile?.(state);
      const again = await lead(scenario.wanted);
      assert.ok(again.rested);
      assert.deepEqual(await all(again), expected);
    });
  }
  // The next scenario's service wants the same port: this one's would answer in its place.
  await stopServices({ stateFolder: state, clock: systemClock, log: silentLog });
}
