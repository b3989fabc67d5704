import {
  type DesiredState,
  type Digest,
  type DomainId,
  limits,
  parseHostMapNode,
  XylemError,
} from '@xylem/core';
import type { Log } from '@xylem/platform';
import { isSilence, type Repository } from '@xylem/store';
import type { FlightFor, Flights } from './flights.ts';

export interface FromFile extends FlightFor {
  readonly state: DesiredState;
  /** Root of the host map that is held whole; null: none. */
  readonly former: Digest | null;
  readonly repository: Repository;
  readonly flights: Flights;
  readonly log: Log;
}

/** So many nodes are asked for one by one before all that are missing are asked for at once. */
const mostSingly = 16;

/**
 * Gives nodes that are missing out of one file (docs/spec/news.md), which is fetched once it is known that they are many.
 * Null: the node is to be asked for by itself.
 */
export function missingNodes(options: FromFile): (digest: Digest) => Promise<Uint8Array | null> {
  let missed = 0;
  let file: Promise<ReadonlyMap<Digest, Uint8Array>> | undefined;
  return async (digest) => {
    missed += 1;
    if (missed <= mostSingly) return null;
    file ??= fetchAll(options);
    return (await file).get(digest) ?? null;
  };
}

async function fetchAll(options: FromFile): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const { state, former, repository } = options;
  const to = state.hostMap as Digest;
  const brought =
    (former === null || former === to ? null : await ask(options, former)) ?? (await ask(options, null));
  const nodes = brought === null ? new Map<Digest, Uint8Array>() : reachable(brought, to);
  await repository.putObjects(state.environment as string as DomainId, nodes);
  return nodes;
}

async function ask(
  { state, flights, log, ...asked }: FromFile,
  from: Digest | null,
): Promise<ReadonlyMap<Digest, Uint8Array> | null> {
  const { environment, hostMap } = state;
  try {
    return await flights.hostMap({ environment, from, to: hostMap as Digest }, asked);
  } catch (error) {
    asked.signal.throwIfAborted();
    // Who is silent now would not answer thousands of single questions either.
    if (!(error instanceof XylemError) || isSilence(error)) throw error;
    log.warn('host map file not read', { environment, error });
    return null;
  }
}

/** What `root` leads to within these: what else a parent sends is not kept. */
function reachable(nodes: ReadonlyMap<Digest, Uint8Array>, root: Digest): Map<Digest, Uint8Array> {
  const found = new Map<Digest, Uint8Array>();
  const open = [root];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const bytes = nodes.get(digest);
    if (bytes === undefined || bytes.length > limits.hostMapNode || found.has(digest)) continue;
    found.set(digest, bytes);
    const node = parseHostMapNode(bytes);
    if ('children' in node) open.push(...Object.values(node.children));
  }
  return found;
}
