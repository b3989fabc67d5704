import type { HostId } from '../ids.ts';
import { inOrder } from '../order.ts';
import { selects } from '../selector/evaluate.ts';
import { parseSelector } from '../selector/parse.ts';
import type { Selector } from '../selector/selector.ts';
import type { Assignment, DesiredState } from '../wire/desired-state.ts';
import type { HostMapEntry } from '../wire/host-map.ts';
import { inCohort } from './cohort.ts';

/** What one host should run of a component: the assignment with the host map's configuration merged over it. */
export interface HostAssignment extends Assignment {
  /** True if the host map pins the component to this package. */
  readonly pinned: boolean;
  /** The host map's order to try it again if it was refused before. */
  readonly retry?: string;
}

export interface HostDirection {
  /** In the order of installation. Removal takes the reverse. */
  readonly assignments: readonly HostAssignment[];
  /** Components pinned to a package that no assignment has: kept as they are, installed or not. */
  readonly held: readonly string[];
}

/**
 * What `state` says to the host `id` with its host map entry. A component that is pinned follows the first assignment
 * with that package, whatever selector and cohort say. Throws E_SELECTOR for a selector that can't be read.
 */
export function assignmentsFor(state: DesiredState, id: HostId, entry: HostMapEntry): HostDirection {
  const host = { id, labels: entry.labels, ...(entry.name === undefined ? {} : { name: entry.name }) };
  const selectors = new Map<string, boolean>();
  const fits = (where: string): boolean => {
    const known = selectors.get(where);
    if (known !== undefined) return known;
    const selected = selects(parsed(where), host);
    selectors.set(where, selected);
    return selected;
  };
  const chosen = new Map<string, HostAssignment>();
  for (const assignment of state.assignments) {
    const { component, cohort, where } = assignment;
    if (chosen.has(component)) continue;
    const pin = own(entry.pins, component);
    const given =
      pin === undefined
        ? fits(where) && (cohort === undefined || inCohort(cohort, id))
        : pin === assignment.package;
    if (!given) continue;
    const config = { ...assignment.config, ...own(entry.config, component) };
    const retry = own(entry.retry, component);
    chosen.set(component, {
      ...assignment,
      config,
      pinned: pin !== undefined,
      ...(retry === undefined ? {} : { retry }),
    });
  }
  const held = Object.keys(entry.pins ?? {}).filter((component) => !chosen.has(component));
  return { assignments: inOrder([...chosen.values()]), held: held.sort() };
}

function own<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

const cache = new Map<string, Selector>();

function parsed(where: string): Selector {
  let selector = cache.get(where);
  if (selector === undefined) {
    selector = parseSelector(where);
    if (cache.size >= 1000) cache.clear();
    cache.set(where, selector);
  }
  return selector;
}
