import { requireRoom, sameParent, spreadOver, type Target, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { servingScope } from '../nodes/scope.ts';
import type { Fleet, FleetNode } from './fleet.ts';

/** A host with the parents that it is to have; those of rank 0 go before all others. */
export interface Chosen {
  readonly host: HostRecord;
  readonly parents: readonly string[];
  readonly rank: number;
}

interface Choosing {
  readonly db: Database;
  readonly tenant: string;
  readonly fleet: Fleet;
  readonly isSilent: (node: FleetNode) => boolean;
}

/** The relay, if it serves. @throws XylemError E_CONFLICT */
export function servingNode(fleet: Fleet, host: HostRecord): FleetNode & { readonly url: string } {
  const node = fleet.nodes.get(host.id);
  if (node?.url != null) return { ...node, url: node.url };
  throw new XylemError('E_CONFLICT', `${host.name} is no relay, or has not reported that it serves.`);
}

/** The same parents for all, in order of preference. */
export function chosenForAll(
  { fleet }: Pick<Choosing, 'fleet'>,
  hosts: readonly HostRecord[],
  parents: readonly string[],
): Chosen[] {
  const targets = parents.map(fleet.target);
  const [first] = targets;
  const others = hosts.filter(({ id }) => !isChildAt(fleet, id, first?.url ?? ''));
  requireRoom(targets, others.length);
  return hosts
    .filter((host) => host.parentsRule !== null || host.parents.join(' ') !== parents.join(' '))
    .map((host) => ({ host, parents, rank: 0 }));
}

const isChildAt = (fleet: Fleet, id: string, url: string): boolean => {
  const { parentUrl } = fleet.nodes.get(id) ?? { parentUrl: null };
  return parentUrl !== null && sameParent(parentUrl) === url;
};

/** Who pulls from a relay, or is told to. */
export function childrenOf(fleet: Fleet, relay: FleetNode & { readonly url: string }): FleetNode[] {
  const named = (urls: readonly string[]): boolean =>
    urls.some((url) => sameParent(url) === sameParent(relay.url));
  return [...fleet.nodes.values()].filter(
    ({ host }) =>
      host.id !== relay.host.id && (fleet.parentOf.get(host.id) === relay.host.id || named(host.parents)),
  );
}

/** Where the children of a relay that is drained go. @throws XylemError E_RELAY_FULL, E_CONFLICT */
export async function chosenForDrain(
  choosing: Choosing,
  relay: FleetNode & { readonly url: string },
  children: readonly FleetNode[],
  to: readonly string[],
): Promise<Chosen[]> {
  const targets =
    to.length > 0 ? to.map(choosing.fleet.target) : await targetsBeside(choosing, relay, children);
  return spreadFrom(choosing.fleet, relay, children, targets, 0);
}

/** The children go to one relay, and that one first to the parents of the other. */
export function chosenForReplace(
  { fleet }: Choosing,
  old: FleetNode & { readonly url: string },
  by: FleetNode & { readonly url: string },
  children: readonly FleetNode[],
): Chosen[] {
  const up = upOf(old);
  const first =
    up.length === 0 || up.join(' ') === by.host.parents.join(' ')
      ? []
      : [{ host: by.host, parents: up, rank: 0 }];
  const others = children.filter(({ host }) => host.id !== by.host.id);
  return [...first, ...spreadFrom(fleet, old, others, [fleet.target(by.url)], 1)];
}

/** Where a relay pulls from: as it was told, else as it reports. */
const upOf = ({ host, parentUrl }: FleetNode): readonly string[] =>
  host.parents.length > 0 ? host.parents : parentUrl === null ? [] : [parentUrl];

function spreadFrom(
  fleet: Fleet,
  relay: FleetNode & { readonly url: string },
  children: readonly FleetNode[],
  targets: readonly Target[],
  rank: number,
): Chosen[] {
  const isRelay = (url: string): boolean => sameParent(url) === sameParent(relay.url);
  // Who has another parent, and the relay only to fall back on, loses no more than that.
  const second = children.filter(
    ({ host }) =>
      host.parents.length > 1 &&
      !isRelay(host.parents[0] ?? '') &&
      fleet.parentOf.get(host.id) !== relay.host.id,
  );
  const first = children.filter((child) => !second.includes(child));
  const given = spreadOver(
    first.map(({ host }) => ({ host: host.id, parents: host.parents })),
    targets,
    relay.url,
  );
  return [
    ...first.map(({ host }) => ({ host, parents: given.get(host.id) ?? [], rank })),
    ...second.map(({ host }) => ({ host, parents: host.parents.filter((url) => !isRelay(url)), rank })),
  ];
}

/** The relay's siblings that serve what its children need; where they have no room for all, its own parents. */
async function targetsBeside(
  { db, tenant, fleet, isSilent }: Choosing,
  relay: FleetNode & { readonly url: string },
  children: readonly FleetNode[],
): Promise<readonly Target[]> {
  const above = fleet.parentOf.get(relay.host.id) ?? null;
  const environments = new Set(children.map(({ host }) => host.environment));
  const siblings: Target[] = [];
  for (const node of fleet.nodes.values()) {
    if (node.url === null || node.host.id === relay.host.id || node.host.drained || isSilent(node)) continue;
    if ((fleet.parentOf.get(node.host.id) ?? null) !== above) continue;
    if (await servesAll(db, tenant, node.host, environments)) siblings.push(fleet.target(node.url));
  }
  const room = siblings.reduce((sum, one) => sum + Math.max(0, one.room ?? 0), 0);
  if (siblings.length > 0 && room >= children.length) return siblings;
  const [up] = upOf(relay);
  if (up !== undefined) return [fleet.target(up)];
  throw new XylemError(
    'E_CONFLICT',
    `${relay.host.name} has no sibling with room, and its parent is not known. Say where its children go: --to URL.`,
  );
}

async function servesAll(
  db: Database,
  tenant: string,
  host: HostRecord,
  environments: ReadonlySet<string>,
): Promise<boolean> {
  const { environment, serve, serves } = host;
  const scope = await servingScope(db, tenant, { environment, serve, serves: JSON.stringify(serves) });
  return scope === '*' || [...environments].every((id) => scope?.includes(id as never) === true);
}

/**
 * That each host can pull from its new parent: none that is drained, none that does not serve its environment.
 * @throws XylemError E_CONFLICT
 */
export async function refuseUnfit(
  { db, tenant, fleet }: Omit<Choosing, 'isSilent'>,
  chosen: readonly Chosen[],
): Promise<void> {
  const byTarget = Map.groupBy(chosen, ({ parents }) => parents[0] ?? '');
  for (const [url, hosts] of byTarget) {
    const node = fleet.at(url);
    if (node === undefined) continue;
    const { name, drained } = node.host;
    if (drained)
      throw new XylemError(
        'E_CONFLICT',
        `${name} (${url}) is drained and gets no children. Take that back: xylem relay drain ${name} --undo`,
      );
    if (await servesAll(db, tenant, node.host, new Set(hosts.map(({ host }) => host.environment)))) continue;
    throw new XylemError(
      'E_CONFLICT',
      `${name} (${url}) does not serve the environment of all these hosts. Let it: xylem host serve ${name} --for TENANT/ENVIRONMENT`,
    );
  }
}
