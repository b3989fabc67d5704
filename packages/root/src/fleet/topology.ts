import { type Report, timeOf } from '@xylem/core';
import type { LinkTraffic } from '@xylem/platform/serving';
import type { Topology } from '../api/schemas/fleet.ts';
import type { Within } from '../auth/access.ts';
import { environmentsMatching } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { environmentRefs, viewsOf } from '../hosts/views.ts';
import type { Root } from '../root.ts';
import { parentsAmong, placedNode, unheardAmong } from './placed.ts';

type Node = Topology['nodes'][number];

/** Who is whose child, as hosts report it, parents before children. */
export async function topology(root: Root, within: Within, environment?: string): Promise<Topology> {
  const patterns = environment === undefined ? undefined : [environment];
  const rows = await environmentsMatching(root.db, patterns, root.config.tenant, within);
  const views = await viewsOf(
    root,
    await hostsIn(
      root.db,
      rows.map(({ id }) => id),
    ),
  );
  const names = await environmentRefs(root);
  const nameOf = (environment: string): string => names.get(environment)?.name ?? environment;
  const placed = views.map((view) => placedNode(view, nameOf(view.host.environment)));
  const parentOf = parentsAmong(placed);
  const parents = new Map(placed.map((node) => [node.id, parentOf(node)]));
  const carried = new Map([
    ...linksOf(null, root.counts.links()),
    ...views.flatMap(({ host, report }) => linksOf(host.id, report?.serves?.carried ?? [])),
  ]);
  const nodes = views
    .filter(({ host }) => !host.retired)
    .map(({ host, report, state, receivedMs }) => {
      const parent = parents.get(host.id) ?? null;
      const link = carried.get(linkKey(parent, host.id));
      return {
        id: host.id,
        name: host.name,
        environment: nameOf(host.environment),
        serve: host.serve,
        url: report?.serves?.url ?? null,
        parent,
        parentUrl: report?.parent.url ?? null,
        depth: 1,
        state,
        drained: host.drained,
        lastSeen: receivedMs === null ? null : timeOf(receivedMs),
        ...(link === undefined ? {} : { carried: link }),
        ...supersededAt(report),
      };
    });
  return { root: { url: root.nodesUrl() }, nodes: parentsFirst(nodes), unheard: unheardAmong(placed) };
}

const linkKey = (parent: string | null, child: string): string => `${parent ?? ''} ${child}`;

/** What the links of one parent's children carried, by link; null: the root server's. */
function linksOf(
  parent: string | null,
  links: readonly LinkTraffic[],
): (readonly [string, NonNullable<Node['carried']>])[] {
  return links.flatMap(({ host, hour, day }) =>
    host === null ? [] : [[linkKey(parent, host), { hour, day }] as const],
  );
}

const supersededAt = (
  report: Report | null,
): Pick<Node, 'superseded' | 'supersededTotal' | 'ownSuperseded'> => {
  const { superseded = 0, supersededTotal = 0 } = report?.serves ?? {};
  const ownSuperseded = report?.supersededTotal ?? 0;
  return {
    ...(superseded === 0 ? {} : { superseded }),
    ...(supersededTotal === 0 ? {} : { supersededTotal }),
    ...(ownSuperseded === 0 ? {} : { ownSuperseded }),
  };
};

/** Depth first. Two that each call the other their parent, in the middle of a move, are put below the root. */
function parentsFirst(nodes: readonly Node[]): Node[] {
  const known = new Set(nodes.map(({ id }) => id));
  const byName = [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const children = Map.groupBy(byName, ({ parent }) => (parent !== null && known.has(parent) ? parent : ''));
  const ordered: Node[] = [];
  const placed = new Set<string>();
  const place = (node: Node, depth: number): void => {
    if (placed.has(node.id)) return;
    placed.add(node.id);
    ordered.push({ ...node, depth });
    for (const child of children.get(node.id) ?? []) place(child, depth + 1);
  };
  for (const node of children.get('') ?? []) place(node, 1);
  for (const node of byName) place(node, 1);
  return ordered;
}
