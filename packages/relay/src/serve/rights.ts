import type { EnvironmentId, HostId } from '@xylem/core';
import type { Asked } from '@xylem/store';
import type { Peer } from '@xylem/trust';
import type { Scope } from '../follow/scope.ts';

/** Whether the holder of a certificate may follow an environment: its own, or one that it serves to others. */
export function mayFollow(peer: Peer, environment: EnvironmentId): boolean {
  if (peer.root || peer.environment === environment) return true;
  return peer.serves === '*' || (peer.serves?.includes(environment) ?? false);
}

/** Whether it may hear what the root server has of a host: a relay carries reports of any. */
export function mayHear(peer: Peer, host: HostId): boolean {
  return peer.host === host || carriesOthers(peer);
}

/** A plain host brings its own reports alone. */
export const carriesOthers = (peer: Peer): boolean => peer.root || peer.serves !== null;

/** Scopes as of now, by environment. */
export interface Scopes {
  get(environment: EnvironmentId): Scope | undefined;
  environments(): Iterable<EnvironmentId>;
}

/**
 * Whether it may read a file, by the scopes of the environments that it may follow. A scope that this relay does not
 * have is the environment's own repository alone.
 */
export function mayRead(peer: Peer, asked: Asked, scopes: Scopes): boolean {
  if (peer.root) return true;
  if (asked.kind === 'news' || asked.kind === 'host-map') return mayFollow(peer, asked.environment);
  if (asked.kind === 'metadata' && mayFollow(peer, asked.repository as EnvironmentId)) return true;
  for (const environment of followable(peer, scopes)) {
    const scope = scopes.get(environment);
    if (
      asked.kind === 'metadata' ? scope?.repositories.has(asked.repository) : scope?.domains.has(asked.domain)
    ) {
      return true;
    }
  }
  return false;
}

/** A host's own environment is looked at alone, however many a relay follows. */
function* followable(peer: Peer, scopes: Scopes): Iterable<EnvironmentId> {
  if (peer.environment !== null) yield peer.environment;
  if (peer.serves === '*') yield* scopes.environments();
  else if (peer.serves !== null) yield* peer.serves;
}

/** The root server, and whatever program of this machine: they are counts, without names. */
export function mayReadMetrics(peer: Peer | null, address: string | undefined): boolean {
  return peer?.root === true || /^(::ffff:)?127\.|^::1$/.test(address ?? '');
}
