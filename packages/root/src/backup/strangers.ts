import { X509Certificate } from 'node:crypto';
import { limits, parseReport, type Report } from '@xylem/core';
import { hostIdOf, parseEnvelope, peerOfCertificate } from '@xylem/trust';
import type { Root } from '../root.ts';
import { type FoundIdentity, foundHost, noteIdentity } from './found.ts';
import { registerFound } from './register-found.ts';

/** A host that is not in the database and has a certificate of the installation's CA. */
export interface Stranger extends FoundIdentity {
  readonly host: string;
  readonly environment: string;
}

/** Hosts that joined after the backup of a restored root server (docs/spec/reports.md, After a restore). */
export interface Strangers {
  /** Whose report this may be; null: nobody's whom this root server may take in. Its signature is not checked here. */
  know(host: string, envelope: object): Promise<Stranger | null>;
  /** Its report is signed by its key: it is kept until a person confirms, or registered if the host map named it. */
  take(stranger: Stranger): Promise<void>;
}

const graceMs = 7 * 24 * 3600_000;

export function createStrangers(root: Root): Strangers {
  const { db, clock, restored } = root;

  /** Before the confirmation whoever has a certificate; after it only those that an operator is known to have had. */
  async function isAwaited({ host, environment }: Stranger): Promise<boolean> {
    const found = await foundHost(db, host);
    if (found !== null && found.environment !== environment) return false;
    if (!restored.isRestored()) return found !== null && found.entry?.retired !== true;
    const row = await db
      .selectFrom('environments')
      .select('id')
      .where('id', '=', environment)
      .executeTakeFirst();
    return row !== undefined;
  }

  return {
    know: async (host, envelope) => {
      const stranger = strangerOf(root, host, envelope);
      if (stranger !== null && (await isAwaited(stranger))) return stranger;
      restored.addUnknownHost({ host, environment: stranger?.environment ?? null });
      return null;
    },
    take: async (stranger) => {
      const { host, environment } = stranger;
      if (restored.isRestored()) return await noteIdentity(db, { host, environment }, stranger);
      await db.transaction().execute(async (trx) => {
        const found = await foundHost(trx, host);
        if (found !== null) await registerFound(trx, found, stranger, clock.now());
      });
      root.directing.wake(environment);
      root.deploying.wake(environment);
    },
  };
}

function strangerOf(
  { authority, clock }: Pick<Root, 'authority' | 'clock'>,
  host: string,
  envelope: object,
): Stranger | null {
  let certificate: X509Certificate;
  let report: Report;
  try {
    report = parseReport(parseEnvelope(envelope, limits.report).payload);
    certificate = new X509Certificate(report.certificate ?? '');
  } catch {
    return null;
  }
  const peer = peerOfCertificate(certificate, { caPem: authority.certificatePem, clock, graceMs });
  if (peer === null || peer.host !== host || peer.environment === null) return null;
  const { x: key } = certificate.publicKey.export({ format: 'jwk' });
  if (key === undefined || hostIdOf(Buffer.from(key, 'base64url')) !== host) return null;
  const { environment, serves, notAfterMs } = peer;
  return { host, environment, name: report.name, key, serves, certificateExpiresMs: notAfterMs };
}
