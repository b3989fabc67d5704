import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { HostId } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { addressOf, caIdOf, caOf, type HostAddress } from './names.ts';

/** Who is at the other end of a TLS connection, by a certificate that chains to our CA. */
export interface Peer extends HostAddress {
  /** The certificate's end, milliseconds since 1970. */
  readonly notAfterMs: number;
  /** True only within the grace: it may renew and be served, nothing more. */
  readonly expired: boolean;
}

export interface PeerOptions {
  readonly caPem: string;
  readonly clock: Clock;
  /** How long an expired certificate is still known (default 0). */
  readonly graceMs?: number;
}

/**
 * The peer of a server's or client's socket, or null: no certificate, one of another CA, expired beyond the grace,
 * or one that names neither a host nor a root. Cheap: parsed once per connection.
 */
export function peerOf(socket: TLSSocket, options: PeerOptions): Peer | null {
  const known = peers.get(socket);
  if (known !== undefined) {
    // A connection may outlive its certificate.
    if (isOver(known, options)) return null;
    const expired = options.clock.now() >= known.notAfterMs;
    if (expired === known.expired) return known;
    const changed = { ...known, expired };
    peers.set(socket, changed);
    return changed;
  }
  const raw = socket.getPeerX509Certificate?.();
  const peer = raw === undefined ? null : peerOfCertificate(raw, options);
  if (peer !== null) peers.set(socket, peer);
  return peer;
}

const peers = new WeakMap<TLSSocket, Peer>();

/**
 * As `peerOf`, for a certificate at hand. The signature is checked here too: with an expired certificate OpenSSL
 * reports the expiry alone, whatever else is wrong.
 */
export function peerOfCertificate(certificate: X509Certificate, options: PeerOptions): Peer | null {
  const ca = caOf(options.caPem);
  if (!certificate.checkIssued(ca.certificate) || !certificate.verify(ca.key)) return null;
  const nowMs = options.clock.now();
  const notAfterMs = Date.parse(certificate.validTo);
  const peer = {
    ...addressOf(certificate.subjectAltName, ca.id),
    notAfterMs,
    expired: nowMs >= notAfterMs,
  };
  if (isOver(peer, options) || (peer.host === null && !peer.root)) return null;
  return peer;
}

/** The host that the certificate at the other end names, whether or not it is still valid; null: none, or no host's. */
export function hostAt(socket: TLSSocket, caPem: string): HostId | null {
  const shown = socket.getPeerX509Certificate?.();
  return shown === undefined ? null : addressOf(shown.subjectAltName, caIdOf(caPem)).host;
}

function isOver(peer: Peer, options: PeerOptions): boolean {
  return options.clock.now() >= peer.notAfterMs + (options.graceMs ?? 0);
}
