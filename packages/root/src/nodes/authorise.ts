import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { type EnvironmentId, lifetimes } from '@xylem/core';
import { type Asked, boundStrangers } from '@xylem/store';
import { hostAt, type Peer, peerOf } from '@xylem/trust';
import type { Root } from '../root.ts';

/** Who may read what, by certificate alone: a node's environment, and those that a relay may serve. */
export interface Authoriser {
  peer(request: IncomingMessage): Peer | null;
  mayFollow(peer: Peer, environment: EnvironmentId): boolean;
  mayRead(request: IncomingMessage, asked: Asked, response: ServerResponse): boolean | 'busy';
}

export function createAuthoriser(root: Root): Authoriser {
  const { clock, revoked } = root;
  // Whose certificate has expired is still served for a while, so that it can come back and renew.
  const options = { caPem: root.authority.certificatePem, clock, graceMs: lifetimes.nodeGraceMs };
  const peer = (request: IncomingMessage): Peer | null => {
    const found = peerOf(request.socket as TLSSocket, options);
    return found?.host != null && revoked.has(found.host) ? null : found;
  };
  /** Its certificate lives on for a while after it went to another tenant. */
  const hasDeparted = ({ host, environment }: Peer): boolean =>
    host !== null && environment !== null && root.departed.has(host, environment);

  /** A restored root server shows no old timestamp: to who knows a newer one it would look like an attack. */
  const hidesTimestamp = (request: IncomingMessage): boolean =>
    root.restored.isRestored() && (request.url?.split('?')[0]?.endsWith('/timestamp.json') ?? false);

  const mayFollow = (who: Peer, environment: EnvironmentId): boolean =>
    !hasDeparted(who) &&
    (who.root ||
      who.serves === '*' ||
      who.environment === environment ||
      (who.serves?.includes(environment) ?? false));

  /** It still reads its own direction, which says so, and nothing else: its certificate lives on for a while. */
  const isRetired = ({ environment, host }: Peer): boolean =>
    environment !== null && host !== null && root.directing.entry(environment, host)?.retired === true;

  const strangers = boundStrangers();
  return {
    peer,
    mayFollow,
    mayRead: (request, asked, response) => {
      const who = peer(request);
      if (who === null) {
        const isOpen = asked.kind === 'object' && root.directing.isInstall(asked.domain, asked.digest);
        return isOpen && strangers.admit(response);
      }
      if (asked.kind === 'news' || asked.kind === 'host-map') return mayFollow(who, asked.environment);
      if (asked.kind === 'metadata') {
        if (asked.repository === root.config.releaseRepository)
          return !hasDeparted(who) && !hidesTimestamp(request);
        return mayFollow(who, asked.repository as EnvironmentId) && !hidesTimestamp(request);
      }
      if ((asked.domain as string) !== who.environment && isRetired(who)) return false;
      return root.directing
        .environments()
        .some((id) => mayFollow(who, id as EnvironmentId) && root.directing.domains(id).has(asked.domain));
    },
  };
}

/** For connections that are open when a host is revoked. */
export function isRevokedPeer({ authority, revoked }: Root, socket: TLSSocket): boolean {
  const host = hostAt(socket, authority.certificatePem);
  return host !== null && revoked.has(host);
}
