import { XylemError } from '../errors.ts';
import { namesParent, sameParent } from './record.ts';

/** Where hosts could go. */
export interface Target {
  readonly url: string;
  /** How many more children it takes; null: that is not known. */
  readonly room: number | null;
}

/** A host that is to change its parents. */
export interface Movable {
  readonly host: string;
  readonly parents: readonly string[];
}

/**
 * Spreads hosts over targets by free room; each has its own target first, then the others, then what is left of its
 * former list. `replaced`: the address that they leave.
 * @throws XylemError E_RELAY_FULL
 */
export function spreadOver(
  hosts: readonly Movable[],
  targets: readonly Target[],
  replaced: string,
): ReadonlyMap<string, readonly string[]> {
  const load = new Map(targets.map(({ url }) => [url, 0]));
  const given = new Map<string, readonly string[]>();
  for (const { host, parents } of hosts) {
    const target = freest(targets, load);
    if (target === null) throw full(targets, hosts.length);
    load.set(target.url, (load.get(target.url) ?? 0) + 1);
    given.set(host, listFor(target.url, targets, parents, replaced));
  }
  return given;
}

const mostParents = 8;

function listFor(
  first: string,
  targets: readonly Target[],
  parents: readonly string[],
  replaced: string,
): string[] {
  const kept = parents.filter((url) => sameParent(url) !== sameParent(replaced));
  const list: string[] = [];
  for (const url of [first, ...targets.slice(0, 2).map((one) => one.url), ...kept])
    if (!namesParent(list, url)) list.push(url);
  return list.slice(0, mostParents);
}

/** The one with the most room left; of those whose room is not known the one that got fewest. */
function freest(targets: readonly Target[], load: ReadonlyMap<string, number>): Target | null {
  let best: { target: Target; free: number; got: number } | null = null;
  for (const target of targets) {
    const got = load.get(target.url) ?? 0;
    const free = target.room === null ? Number.POSITIVE_INFINITY : target.room - got;
    if (free <= 0) continue;
    if (best === null || free > best.free || (free === best.free && got < best.got))
      best = { target, free, got };
  }
  return best?.target ?? null;
}

/** That a list of parents, in order of preference, has room for so many. @throws XylemError E_RELAY_FULL */
export function requireRoom(targets: readonly Target[], hosts: number): void {
  const [first] = targets;
  if (first !== undefined && first.room !== null && first.room < hosts) throw full([first], hosts);
}

function full(targets: readonly Target[], hosts: number): XylemError {
  const rooms = targets.map(({ url, room }) => `${url} takes ${Math.max(0, room ?? 0)} more`);
  return new XylemError('E_RELAY_FULL', `${hosts} hosts are to go there: ${rooms.join(', ')}.`);
}
