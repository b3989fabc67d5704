import type { TestContext } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { type Adoption, adoptionsFile } from '../adopt/adoptions.ts';
import { beginObserving } from '../adopt/observe.ts';
import type { Convergence } from '../converge/converge.ts';
import type { Accepted } from '../direction/wanted.ts';
import { stateLayout } from '../state/layout.ts';
import { Bench, converge } from './crash-sweep.ts';
import type { TestPackage } from './packages.ts';
import { temporaryFolder } from './state-folder.ts';

/** What a director's order about a component adds to what is wanted. */
export function adoptionOrder(component: string, order: string, undo = false): Partial<Accepted> {
  return {
    entry: { labels: {}, adopt: { [component]: { order, ...(undo ? { undo } : {}) } } } as never,
  };
}

/** A host that observes, and takes orders about one component, where no other is named. */
export async function adoptingHost(context: TestContext, component: string) {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const layout = stateLayout(state);
  await beginObserving(layout, 'anna', systemClock, silentLog);
  let orders = 0;
  let last: Partial<Accepted> = {};
  const run = async (packages: readonly TestPackage[]): Promise<Convergence> =>
    await converge(state, await bench.wanted(packages, last));
  return {
    bench,
    state,
    layout,
    /** A pass, with the last order as it stands. */
    run,
    /** A new order, and passes until it is carried out. */
    order: async (
      packages: readonly TestPackage[],
      undo = false,
      of = component,
    ): Promise<Adoption | undefined> => {
      orders += 1;
      last = adoptionOrder(of, String(orders).padStart(32, '0'), undo);
      await run(packages);
      // What a refused one left goes in a pass of its own.
      await run(packages);
      const known = await adoptionsFile(layout.adoptions, silentLog).read();
      return known?.adoptions.find((one) => one.component === of);
    },
  };
}
