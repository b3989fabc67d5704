import { X509Certificate } from 'node:crypto';
import { type EnvironmentId, XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { addressOf, caIdOf, clientTls, type Identity, loadIdentity, type Revoked } from '@xylem/trust';

const lookEveryMs = 30_000;

/** @throws XylemError E_NOT_JOINED, E_CERTIFICATE (it may not serve), and as loadIdentity */
export async function servingIdentity(folder: string): Promise<Identity> {
  const identity = await loadIdentity(folder);
  if (identity === null) {
    throw new XylemError('E_NOT_JOINED', `${folder} holds no identity: this host has not joined.`);
  }
  scopeOfCertificate(identity);
  return identity;
}

/** What the certificate lets this host serve. @throws XylemError E_CERTIFICATE: nothing */
export function scopeOfCertificate(identity: Identity): (environment: EnvironmentId) => boolean {
  const { subjectAltName } = new X509Certificate(identity.certificatePem);
  const { serves } = addressOf(subjectAltName, caIdOf(identity.caPem));
  if (serves === null) {
    throw new XylemError(
      'E_CERTIFICATE',
      'This host may not serve: its certificate is that of a plain host. Make it a relay: xylem host serve.',
      { retry: 'never' },
    );
  }
  return (environment) =>
    serves === '*' || environment === identity.environment.id || serves.includes(environment);
}

/** `scopeOfCertificate` of the identity as of now; a certificate is read once, as every request of a child asks this. */
export function servingScope(identity: () => Identity): (environment: EnvironmentId) => boolean {
  let known: { of: string; isInScope: (environment: EnvironmentId) => boolean } | undefined;
  return (environment) => {
    const now = identity();
    if (known?.of !== now.certificatePem)
      known = { of: now.certificatePem, isInScope: scopeOfCertificate(now) };
    return known.isInScope(environment);
  };
}

/** TLS for requests upwards: the same object while certificate and revoked hosts are the same, as HttpClient wants it. */
export function upwardTls(identity: () => Identity, revoked: Revoked): () => ReturnType<typeof clientTls> {
  let known: { of: string; tls: ReturnType<typeof clientTls> } | undefined;
  return () => {
    const now = identity();
    const of = `${revoked.generation} ${now.certificatePem}`;
    if (known?.of !== of) known = { of, tls: clientTls(now, revoked) };
    return known.tls;
  };
}

/** Looks for a renewed certificate now and then, until the signal. */
export async function watchIdentity(options: {
  readonly read: () => Promise<Identity>;
  readonly current: () => Identity;
  readonly onRenewed: (identity: Identity) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { read, current, onRenewed, clock, log, signal } = options;
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const identity = await read();
      if (identity.certificatePem !== current().certificatePem) onRenewed(identity);
    } catch (error) {
      log.warn('identity not read again', { error });
    }
  }
}
