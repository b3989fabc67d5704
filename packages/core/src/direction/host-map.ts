import { XylemError } from '../errors.ts';
import { sha256 } from '../hashing.ts';
import type { Digest, HostId } from '../ids.ts';
import {
  encodeHostMapNode,
  type HostMapEntry,
  type HostMapNode,
  parseHostMapNode,
} from '../wire/host-map.ts';

const hostMapLeafSize = 16;
const HEX = Array.from('0123456789abcdef');
const deepest = 32;
const nodesAtOnce = 32;

export interface HostMap {
  readonly root: Digest;
  /** Every node, by the digest of its bytes. */
  readonly nodes: ReadonlyMap<Digest, Uint8Array>;
}

/** The host map of all `entries` (docs/spec/direction.md). The same entries give the same bytes, in any order. */
export function buildHostMap(entries: ReadonlyMap<HostId, HostMapEntry>): HostMap {
  const nodes = new Map<Digest, Uint8Array>();
  const put = (node: HostMapNode): Digest => {
    const bytes = encodeHostMapNode(node);
    const digest = sha256(bytes);
    nodes.set(digest, bytes);
    return digest;
  };
  const build = (hosts: readonly HostId[], depth: number): Digest => {
    if (hosts.length <= hostMapLeafSize) {
      const held = hosts.map((host): [HostId, HostMapEntry] => [host, entries.get(host) ?? { labels: {} }]);
      return put({ format: 'xylem-hostmap-1', hosts: Object.fromEntries(held) });
    }
    const groups = Map.groupBy(hosts, (host) => host[depth] ?? '');
    const children = Object.fromEntries(
      Array.from(groups, ([digit, inside]) => [digit, build(inside, depth + 1)]),
    );
    return put({ format: 'xylem-hostmap-1', children });
  };
  return { root: build([...entries.keys()], 0), nodes };
}

/** Gives a node's bytes, or undefined where it is not held. */
export type GetNode = (digest: Digest) => Promise<Uint8Array | undefined>;

/**
 * A host's entry, following its path from `root`; undefined if the map does not know the host. Each node is checked
 * by its digest. Throws E_OBJECT_MISSING, E_OBJECT_DIGEST or what parsing throws.
 */
export async function lookUpHost(
  root: Digest,
  host: HostId,
  get: GetNode,
): Promise<HostMapEntry | undefined> {
  let digest: Digest | undefined = root;
  for (let depth = 0; digest !== undefined && depth <= host.length; depth += 1) {
    const node: HostMapNode = await nodeAt(digest, get);
    if ('hosts' in node) return Object.hasOwn(node.hosts, host) ? node.hosts[host] : undefined;
    digest = childAt(node.children, host[depth] ?? '');
  }
  return undefined;
}

/** Every entry below `root`, for whoever needs all hosts (a relay, the root server). */
export async function* hostMapEntries(
  root: Digest,
  get: GetNode,
  depth = 0,
): AsyncGenerator<[HostId, HostMapEntry], undefined> {
  const node = await nodeAt(root, get);
  if ('hosts' in node) {
    for (const [host, entry] of Object.entries(node.hosts)) yield [host as HostId, entry];
    return undefined;
  }
  if (depth >= deepest)
    throw new XylemError('E_DOCUMENT_INVALID', 'The host map is deeper than a host id is long.');
  for (const digit of HEX) {
    const child = childAt(node.children, digit);
    if (child !== undefined) yield* hostMapEntries(child, get, depth + 1);
  }
  return undefined;
}

/**
 * The nodes of the map below `to` that the map below `from` lacks at the same place: what someone who holds `from`
 * must fetch. Equal subtrees are not entered, so this costs what changed. Nodes of one level are read some at a time.
 * @param most no more than one beyond so many are looked for
 */
export async function changedHostMapNodes(
  from: Digest | undefined,
  to: Digest,
  get: GetNode,
  most = Number.POSITIVE_INFINITY,
): Promise<ReadonlySet<Digest>> {
  const changed = new Set<Digest>();
  let level: readonly Place[] = [{ former: from, digest: to }];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest)
      throw new XylemError('E_DOCUMENT_INVALID', 'The host map is deeper than a host id is long.');
    // A node that a hostile map names at several places is entered once.
    const entered = level.filter(({ former, digest }) => {
      if (former === digest || changed.has(digest) || changed.size > most) return false;
      changed.add(digest);
      return true;
    });
    const below: Place[][] = [];
    for (let start = 0; start < entered.length; start += nodesAtOnce) {
      const some = entered.slice(start, start + nodesAtOnce);
      below.push(...(await Promise.all(some.map((place) => placesBelow(place, get)))));
    }
    level = below.flat();
  }
  return changed;
}

/** A node, and what stood at its place before. */
interface Place {
  readonly former: Digest | undefined;
  readonly digest: Digest;
}

async function placesBelow({ former, digest }: Place, get: GetNode): Promise<Place[]> {
  const node = await nodeAt(digest, get);
  if ('hosts' in node) return [];
  const before = former === undefined ? undefined : await nodeAt(former, get);
  const formerChildren = before !== undefined && 'children' in before ? before.children : {};
  return HEX.flatMap((digit): Place[] => {
    const child = childAt(node.children, digit);
    return child === undefined ? [] : [{ former: childAt(formerChildren, digit), digest: child }];
  });
}

function childAt(children: Readonly<Record<string, Digest>>, digit: string): Digest | undefined {
  return Object.hasOwn(children, digit) ? children[digit] : undefined;
}

async function nodeAt(digest: Digest, get: GetNode): Promise<HostMapNode> {
  const bytes = await get(digest);
  if (bytes === undefined) {
    throw new XylemError('E_OBJECT_MISSING', `The host map node ${digest} is not there.`, {
      details: { digest },
    });
  }
  if (sha256(bytes) !== digest) {
    throw new XylemError('E_OBJECT_DIGEST', `The bytes of the host map node ${digest} are not its own.`, {
      details: { digest },
    });
  }
  return parseHostMapNode(bytes);
}
