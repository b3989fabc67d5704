import { timeOf, type UnheardSubtree, unheardSubtrees } from '@xylem/core';
import type { Unheard } from '../api/schemas/fleet.ts';
import type { HostState, HostView } from '../hosts/view.ts';

export interface NamedHost {
  readonly id: string;
  readonly name: string;
  /** The name of its environment. */
  readonly environment: string;
}

/** As much of a host as says whose child it is, and whether it is heard. */
export interface PlacedNode extends NamedHost {
  readonly state: HostState;
  readonly receivedMs: number | null;
  readonly url: string | null;
  /** As it reported. */
  readonly parent: { readonly host: string | null; readonly url: string | null };
}

export function placedNode({ host, report, state, receivedMs }: HostView, environment: string): PlacedNode {
  return {
    id: host.id,
    name: host.name,
    environment,
    state,
    receivedMs,
    url: report?.serves?.url ?? null,
    parent: report?.parent ?? { host: null, url: null },
  };
}

/** Whose child each is; null: the root server's, or not known. Pure. */
export function parentsAmong(nodes: readonly PlacedNode[]): (node: PlacedNode) => string | null {
  // A host knows its parent's address; whose it is stands in that parent's own report.
  const hostAt = new Map(nodes.flatMap(({ url, id }) => (url === null ? [] : [[url, id] as const])));
  return ({ parent }) => parent.host ?? hostAt.get(parent.url ?? '') ?? null;
}

/** The parts of the tree of which nothing is heard, each once. Pure. */
export function unheardAmong(nodes: readonly PlacedNode[]): Unheard[] {
  const parentOf = parentsAmong(nodes);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const places = nodes.flatMap((node) => {
    const { id, state, receivedMs } = node;
    const isGone = state === 'retired' || state === 'revoked';
    if (isGone || receivedMs === null) return [];
    return [{ id, parent: parentOf(node), isSilent: state === 'silent', heardMs: receivedMs }];
  });
  return shownUnheard(unheardSubtrees(places), byId);
}

export const shownUnheard = (
  found: readonly UnheardSubtree[],
  byId: ReadonlyMap<string, NamedHost>,
): Unheard[] =>
  found.flatMap(({ relay, isSilent, hosts, heardMs }) => {
    const node = byId.get(relay);
    if (node === undefined) return [];
    const { id, name, environment } = node;
    return [{ relay: { id, name, environment }, relaySilent: isSilent, hosts, heard: timeOf(heardMs) }];
  });
