import { type Report, reparentingLimits, sameParent, type Target } from '@xylem/core';
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
  const reports = await db.selectFrom('reports').select(['host', 'document', 'received_ms']).execute();
  const said = new Map(reports.map((row) => [row.host, row]));
  const nodes = new Map<string, FleetNode>();
  for (const host of await hostsIn(db)) {
    if (host.retired) continue;
    const row = said.get(host.id);
    const report = row === undefined ? null : (JSON.parse(row.document) as Report);
    nodes.set(host.id, {
      host,
      parentUrl: report?.parent.url ?? null,
      parentHost: report?.parent.host ?? null,
      url: host.serve ? (report?.serves?.url ?? null) : null,
      receivedMs: row?.received_ms ?? null,
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
 * How many more children relays at these addresses take, without those that are on their way (`coming`, by address).
 * Only reports that name one of the addresses are read.
 */
export async function roomAt(
  db: Database,
  urls: readonly string[],
  coming: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const room = new Map<string, number>();
  for (const url of urls) {
    const rows = await db
      .selectFrom('reports as r')
      .innerJoin('hosts as h', 'h.id', 'r.host')
      .select(['r.document', 'h.serve', 'h.most_children'])
      .where('h.retired', '=', 0)
      .where('r.document', 'like', `%"url":${JSON.stringify(url).slice(0, -1)}%`)
      .execute();
    let most: number | null = null;
    let children = 0;
    for (const row of rows) {
      const { serves, parent } = JSON.parse(row.document) as Report;
      if (row.serve === 1 && serves !== undefined && sameParent(serves.url) === url)
        most = mostOf(row.most_children);
      if (parent.url !== null && sameParent(parent.url) === url) children += 1;
    }
    if (most !== null) room.set(url, most - children - (coming.get(url) ?? 0));
  }
  return room;
}
