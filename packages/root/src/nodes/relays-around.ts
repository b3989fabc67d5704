import {
  type EnvironmentId,
  type HostId,
  isNodeUrl,
  mostNeighbours,
  type NeighbourRelay,
  type Parents,
  type Report,
  type Serving,
  servedByBoth,
} from '@xylem/core';
import { type Randomness, shuffled } from '@xylem/platform';
import type { Peer } from '@xylem/trust';
import type { Root } from '../root.ts';

/** Ten thousand hosts that lost a relay ask at the same time. */
const readAtMostEveryMs = 30_000;
const mostRelays = 1_000;

interface KnownRelay extends NeighbourRelay {
  /** Whether it pulls from the root server itself. */
  readonly isChild: boolean;
}

/**
 * What the root server says of other nodes to who asks for parents: to a host the relays that serve its environment, in
 * an order that differs each time; to a relay also those that are children of the root server as it is.
 */
export function relaysAround(
  root: Pick<Root, 'db' | 'clock' | 'randomness'>,
): (peer: Peer) => Promise<Pick<Parents, 'siblings' | 'relays'>> {
  let known: { readonly relays: Promise<readonly KnownRelay[]>; readonly readMs: number } | null = null;
  const relays = (): Promise<readonly KnownRelay[]> => {
    const nowMs = root.clock.monotonicMs();
    if (known !== null && nowMs - known.readMs < readAtMostEveryMs) return known.relays;
    const reading = readRelays(root);
    known = { relays: reading, readMs: nowMs };
    reading.catch(() => {
      known = null;
    });
    return reading;
  };
  return async (peer) => aroundFor(await relays(), peer, root.randomness);
}

function aroundFor(
  relays: readonly KnownRelay[],
  peer: Peer,
  randomness: Randomness,
): Pick<Parents, 'siblings' | 'relays'> {
  const others = relays.filter(({ host }) => host !== peer.host);
  const own = peer.environment === null ? [] : [peer.environment as EnvironmentId];
  const siblings = shuffled(
    others.filter(({ serves }) => servedByBoth(serves, own) !== null),
    randomness,
  );
  const named = { siblings: siblings.slice(0, mostNeighbours).map(({ url }) => url) };
  const scope = peer.root ? '*' : peer.serves;
  if (scope === null) return named;
  const children = others.flatMap(({ isChild, url, host, serves }) => {
    const shared = isChild ? servedByBoth(serves, scope) : null;
    return shared === null ? [] : [{ url, host, serves: shared }];
  });
  return { ...named, relays: shuffled(children, randomness).slice(0, mostNeighbours) };
}

async function readRelays({ db, clock }: Pick<Root, 'db' | 'clock'>): Promise<KnownRelay[]> {
  const serving = db
    .selectFrom('hosts')
    .where('serve', '=', 1)
    .where('retired', '=', 0)
    .where('drained_ms', 'is', null)
    .where('revoked_ms', 'is', null);
  const rows = await serving
    .innerJoin('reports as r', 'r.host', 'hosts.id')
    .select(['hosts.id as host', 'r.document as document'])
    .limit(mostRelays)
    .execute();
  const scopes = await serving
    .innerJoin('certificate_scopes as s', 's.host', 'hosts.id')
    .where('s.until_ms', '>', clock.now())
    .select(['hosts.id as host', 's.environment as environment'])
    .execute();
  const environments = Map.groupBy(scopes, ({ host }) => host);
  return rows.flatMap(({ host, document }): KnownRelay[] => {
    const { serves, parent } = JSON.parse(document) as Report;
    if (serves === undefined || !isNodeUrl(serves.url)) return [];
    const named = (environments.get(host) ?? []).map(({ environment }) => environment);
    const scope: Serving = named.includes('*') ? '*' : (named as EnvironmentId[]);
    return [{ url: serves.url, host: host as HostId, serves: scope, isChild: parent.host === null }];
  });
}
