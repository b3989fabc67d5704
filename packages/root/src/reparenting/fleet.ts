import { reparentingLimits, sameParent, type Target } from '@xylem/core';
import { inParts } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';

/** A host with what of its newest report says where it stands in the tree. */
export interface FleetNode {
  readonly host: HostRecord;
  readonly parentUrl: string | null;
  readonly parentHost: string | null;
  /** Where it serves, as it reports; null: it does not. */
  readonly url: string | null;
  readonly receivedMs: number | null;
}

/** All hosts that are not retired, as a tree. */
export interface Fleet {
  readonly nodes: ReadonlyMap<string, FleetNode>;
  /** Whose child each is, by what was reported; null: of no relay. */
  readonly parentOf: ReadonlyMap<string, string | null>;
  /** Who serves at an address. */
  at(url: string): FleetNode | undefined;
  /** Who reports this node as its parent. */
  childrenOf(node: FleetNode): readonly FleetNode[];
  /** An address with the room that its relay has. */
  target(url: string): Target;
}

/** Read by an act of a person, not at each look: it costs as much as the fleet is large. */
export async function readFleet(db: Database): Promise<Fleet> {
  const reports = await db
    .selectFrom('reports as r')
    .innerJoin('host_states as s', 's.host', 'r.host')
    .select(['r.host', 'r.parent_url', 'r.parent_host', 'r.serves_url', 's.heard_ms'])
    .execute();
  const said = new Map(reports.map((row) => [row.host, row]));
  const nodes = new Map<string, FleetNode>();
  for (const host of await hostsIn(db)) {
    if (host.retired) continue;
    const row = said.get(host.id);
    nodes.set(host.id, {
      host,
      parentUrl: row?.parent_url ?? null,
      parentHost: row?.parent_host ?? null,
      url: host.serve ? (row?.serves_url ?? null) : null,
      receivedMs: row?.heard_ms ?? null,
    });
  }
  const serving = new Map(
    [...nodes.values()].flatMap((node) => (node.url === null ? [] : [[sameParent(node.url), node] as const])),
  );
  const at = (url: string): FleetNode | undefined => serving.get(sameParent(url));
  const parentOf = new Map(
    [...nodes].map(([id, { parentHost, parentUrl }]) => [
      id,
      parentHost ?? (parentUrl === null ? null : (at(parentUrl)?.host.id ?? null)),
    ]),
  );
  const children = Map.groupBy(nodes.values(), ({ host }) => parentOf.get(host.id) ?? '');
  const childrenOf = ({ host }: FleetNode): readonly FleetNode[] => children.get(host.id) ?? [];
  return {
    nodes,
    parentOf,
    at,
    childrenOf,
    target: (url) => {
      const node = at(url);
      const room = node === undefined ? null : mostOf(node.host.mostChildren) - childrenOf(node).length;
      return { url: sameParent(url), room };
    },
  };
}

const mostOf = (said: number | null): number => said ?? reparentingLimits.childrenOfRelay;

/**
 * How many more children relays at these addresses (`sameParent`) take, without those that are on their way (`coming`, by
 * address). Where no relay reports that it serves, nothing is said.
 */
export async function roomAt(
  db: Database,
  urls: readonly string[],
  coming: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const serving = await inParts(urls, (part) =>
    db
      .selectFrom('reports as r')
      .innerJoin('hosts as h', 'h.id', 'r.host')
      .select(['r.serves_url as url', 'h.most_children'])
      .where('h.retired', '=', 0)
      .where('h.serve', '=', 1)
      .where('r.serves_url', 'in', part)
      .execute(),
  );
  const counted = await inParts(urls, (part) =>
    db
      .selectFrom('reports as r')
      .innerJoin('hosts as h', 'h.id', 'r.host')
      .select((f) => ['r.parent_url as url', f.fn.countAll<number>().as('children')])
      .where('h.retired', '=', 0)
      .where('r.parent_url', 'in', part)
      .groupBy('r.parent_url')
      .execute(),
  );
  const children = new Map(counted.map((row) => [row.url, Number(row.children)]));
  return new Map(
    serving.flatMap(({ url, most_children: most }) =>
      url === null ? [] : [[url, mostOf(most) - (children.get(url) ?? 0) - (coming.get(url) ?? 0)] as const],
    ),
  );
}
