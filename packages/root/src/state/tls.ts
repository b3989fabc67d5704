import type { Server } from 'node:https';
import { type CertificateAuthority, type KeyPair, renewalDue, serverTls } from '@xylem/trust';

/** Gives the nodes' listener a new certificate when the present one is two thirds over. */
export interface OwnCertificate {
  readonly pem: string;
  readonly options: ReturnType<typeof serverTls>;
}

export async function ownCertificate(authority: CertificateAuthority, key: KeyPair): Promise<OwnCertificate> {
  const certificatePem = await authority.issueRoot(key.public);
  const options = serverTls({ key, certificatePem, caPem: authority.certificatePem });
  return { pem: certificatePem, options };
}

/** @returns the certificate that is in use afterwards */
export async function renewOwnCertificate(
  server: Server,
  present: OwnCertificate,
  authority: CertificateAuthority,
  key: KeyPair,
  nowMs: number,
): Promise<OwnCertificate> {
  if (!renewalDue(present.pem, nowMs)) return present;
  const next = await ownCertificate(authority, key);
  server.setSecureContext(next.options);
  return next;
}
