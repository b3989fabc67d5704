import {
  changesOf,
  type HostChange,
  type HostId,
  mappingOf,
  mayFit,
  parseSelector,
  selects,
  type Version,
} from '@xylem/core';
import { isOnlyObserved } from '../deployments/taking-part.ts';
import type { HeardHost, Surveyed } from './facts.ts';

/** Who would change what, and who would not though the selectors name them. */
export interface Given {
  /** By the name of the host. */
  readonly changes: readonly HostChange[];
  readonly changing: ReadonlyMap<string, HeardHost>;
  /** Have it already. */
  readonly staying: number;
  /** Kept by an operator's pin. */
  readonly pinned: number;
  /** Without a fitting variant. */
  readonly leftOut: number;
}

export function givenTo({ candidate, hosts, coming }: Surveyed): Given {
  const { spec, product, target, direction } = candidate;
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  const former = direction.deployments.find(({ release }) => release !== null)?.release ?? direction.settled;
  const gone = (former?.release.packages ?? [])
    .map(({ component }) => component)
    .filter((component) => !coming.some((document) => document.component === component));
  const targets: [string, Version | null][] = [
    ...coming.map(({ component }): [string, Version | null] => [
      component,
      target?.release.packages.find((part) => part.component === component)?.version ?? null,
    ]),
    ...gone.map((component): [string, Version | null] => [component, null]),
  ];
  const selectors = targets.flatMap(([component, to]) => {
    const mapped = mapping === undefined ? undefined : mappingOf(mapping, component);
    // What goes altogether goes from wherever it is.
    const where = mapped?.where ?? (to === null ? 'all' : undefined);
    return where === undefined ? [] : [{ component, to, selector: parseSelector(where) }];
  });
  let pinned = 0;
  let leftOut = 0;
  let staying = 0;
  const planned = hosts.map(({ host, report }) => {
    const { id, name, labels } = host;
    const runs = new Map((report?.components ?? []).map((one) => [one.component, one.version]));
    const given = new Map<string, Version | null>();
    let isPinned = false;
    let isLeftOut = false;
    for (const { component, to, selector } of selectors) {
      if (!selects(selector, { id, name, labels }) || isOnlyObserved(component, report)) continue;
      const document = coming.find((one) => one.component === component);
      if (Object.hasOwn(host.pinned, component)) isPinned = true;
      else if (document !== undefined && !mayFit(document, report?.facts)) isLeftOut = true;
      else given.set(component, to);
    }
    pinned += Number(isPinned);
    leftOut += Number(isLeftOut);
    if (given.size > 0 && [...given].every(([component, to]) => (runs.get(component) ?? null) === to))
      staying += 1;
    return { id: id as HostId, name, runs, given };
  });
  const changes = changesOf(planned).sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const ids = new Set<string>(changes.map(({ host }) => host));
  const changing = new Map(hosts.filter(({ host }) => ids.has(host.id)).map((one) => [one.host.id, one]));
  return { changes, changing, staying, pinned, leftOut };
}

/** Names may be equal, ids are not. */
export const sortKey = ({ name, host, component }: HostChange): string => `${name} ${host} ${component}`;
