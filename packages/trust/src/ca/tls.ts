import { timingSafeEqual, X509Certificate } from 'node:crypto';
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls';
import { type HostId, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { KeyPair } from '../keys/key-pair.ts';
import { addressOf, caIdOf, keyIn, spkiPin } from './names.ts';

/** What a node shows of itself in TLS. */
export interface TlsIdentity {
  readonly key: KeyPair;
  readonly certificatePem: string;
  readonly caPem: string;
}

/** Hosts that no node may speak with. */
export interface Revoked {
  has(host: HostId): boolean;
  /** Another number whenever a host was added. */
  readonly generation: number;
}

const nobodyRevoked: Revoked = { has: () => false, generation: 0 };

const common = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ALPNProtocols: ['http/1.1'],
} as const satisfies SecureContextOptions & TlsOptions;

/**
 * Options for `https.createServer`. Certificates of clients are asked for, not demanded, because `/join` takes
 * clients without one: **every other route must ask `peerOf`**. Renewal: `server.setSecureContext(serverTls(…))`.
 */
export function serverTls(identity: TlsIdentity): TlsOptions {
  return {
    ...common,
    key: identity.key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    // The CA goes along, so that a joining host can compare it with the pin of its token.
    cert: `${identity.certificatePem.trim()}\n${identity.caPem.trim()}\n`,
    ca: identity.caPem,
    requestCert: true,
    rejectUnauthorized: false,
    // Resumed sessions keep the client's certificate; peerOf looks at its expiry each time.
    sessionIdContext: caIdOf(identity.caPem),
    sessionTimeout: 3600,
  };
}

/**
 * Options for TLS clients (https.Agent, the platform's HttpClient). A server is accepted if it chains to our CA and
 * its certificate says `serve` or `root`, whatever its DNS name. Without a key, for a host that is about to join,
 * the client shows no certificate.
 * Whom to refuse although the certificate is good is asked at whole handshakes only: for each new generation of it
 * make the options anew, so that no session from before is resumed.
 */
export function clientTls(
  identity: Omit<TlsIdentity, 'key' | 'certificatePem'> & Partial<TlsIdentity>,
  revoked: Revoked = nobodyRevoked,
): {
  readonly ca: string;
  readonly checkServerIdentity: (host: string, certificate: { raw?: Buffer }) => Error | undefined;
} & SecureContextOptions & { readonly ALPNProtocols: string[]; readonly rejectUnauthorized: true } {
  const caId = caIdOf(identity.caPem);
  const own =
    identity.key === undefined || identity.certificatePem === undefined
      ? {}
      : {
          key: identity.key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
          cert: identity.certificatePem,
        };
  return {
    ...common,
    ALPNProtocols: [...common.ALPNProtocols],
    ...own,
    sessionIdContext: `revoked-${revoked.generation}`,
    ca: identity.caPem,
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => {
      if (certificate.raw === undefined) return refusedServer('showed no certificate');
      const address = addressOf(new X509Certificate(certificate.raw).subjectAltName, caId);
      if (address.host !== null && revoked.has(address.host)) return refusedServer('was revoked');
      if (address.root || address.serves !== null) return undefined;
      return refusedServer('may not serve: its certificate is that of a plain host');
    },
  };
}

/** Options for the first connection of a joining host, whose server is then judged by `pinnedCa` alone. */
export const unpinnedTls = {
  ...common,
  ALPNProtocols: [...common.ALPNProtocols],
  rejectUnauthorized: false,
} as const;

/**
 * Judges the server of a connection made with `unpinnedTls` by a token's pin.
 * @returns the CA's certificate (PEM), to be used in `clientTls` from then on
 * @throws XylemError E_CERTIFICATE unless its chain leads to the pinned CA and it may serve
 */
export function pinnedCa(socket: TLSSocket, pin: Uint8Array, clock: Clock): string {
  let link = socket.getPeerX509Certificate();
  const leaf = link;
  for (let depth = 0; link !== undefined && depth < 4; depth += 1) {
    if (isPinned(link, pin)) break;
    link = link.issuerCertificate;
  }
  if (leaf === undefined || link === undefined || !isPinned(link, pin)) {
    throw refusedServer('does not belong to the installation that the token names');
  }
  // The pinned key must itself have signed: a copied CA certificate in the chain proves nothing.
  if (!leaf.checkIssued(link) || !leaf.verify(link.publicKey) || !link.verify(link.publicKey)) {
    throw refusedServer('shows a certificate that the pinned CA did not issue');
  }
  const caPem = link.toString();
  const address = addressOf(leaf.subjectAltName, caIdOf(caPem));
  if (!address.root && address.serves === null) throw refusedServer('may not serve');
  const nowMs = clock.now();
  if (nowMs < Date.parse(leaf.validFrom) || nowMs >= Date.parse(leaf.validTo)) {
    throw refusedServer(
      `shows a certificate that is valid from ${leaf.validFrom} to ${leaf.validTo}; is the clock right?`,
    );
  }
  return caPem;
}

function isPinned(certificate: X509Certificate, pin: Uint8Array): boolean {
  const key = keyIn(certificate);
  return key !== null && timingSafeEqual(spkiPin(key), pin);
}

function refusedServer(what: string): XylemError {
  return new XylemError('E_CERTIFICATE', `The server ${what}.`, { retry: 'elsewhere' });
}
