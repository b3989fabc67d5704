import { type EnvironmentId, isHostId, jcsBytes, lifetimes, XylemError } from '@xylem/core';
import { checkCsr, parseRenewRequest } from '@xylem/trust';
import { noteCertificate } from '../hosts/revoked.ts';
import type { Root } from '../root.ts';
import { certificateLifetimeMs } from './join.ts';
import { servingScope } from './scope.ts';

/**
 * `POST /renew` (docs/spec/identity.md): the request names a host as its subject and is signed by the key registered
 * for it, which is the whole proof; an expired certificate may renew, a retired or revoked host may not.
 * @throws XylemError E_CERTIFICATE, E_HOST_RETIRED, E_HOST_REVOKED, E_DOCUMENT_INVALID
 */
export async function renew(root: Root, body: Uint8Array): Promise<Uint8Array> {
  const csr = parseRenewRequest(body);
  const { publicKey, commonName } = await checkCsr(csr);
  const row = isHostId(commonName)
    ? await root.db.selectFrom('hosts').selectAll().where('id', '=', commonName).executeTakeFirst()
    : undefined;
  const isRegistered = row?.key === Buffer.from(publicKey).toString('base64url');
  if (row === undefined || !isRegistered || !isHostId(commonName)) {
    throw new XylemError('E_CERTIFICATE', 'The request is not by the registered key of a host.', {
      retry: 'never',
    });
  }
  if (row.revoked_ms !== null) throw new XylemError('E_HOST_REVOKED', `The host ${row.name} was revoked.`);
  const nowMs = root.clock.now();
  if (nowMs > row.certificate_expires_ms + lifetimes.renewalGraceMs) {
    throw new XylemError(
      'E_CERTIFICATE',
      `The certificate of ${row.name} ended too long ago: join it again.`,
    );
  }
  if (row.retired === 1) throw new XylemError('E_HOST_RETIRED', `The host ${row.name} was retired.`);
  const environment = row.environment as EnvironmentId;
  const serves = await servingScope(root.db, root.config.tenant, { ...row, serve: row.serve === 1 });
  const certificate = await root.authority.issue(csr, { environment, serves, host: commonName });
  const untilMs = nowMs + certificateLifetimeMs;
  await noteCertificate(root.db, commonName, { environment, serves }, untilMs);
  await root.db
    .updateTable('hosts')
    .set({ certificate_expires_ms: untilMs })
    .where('id', '=', commonName)
    .execute();
  return jcsBytes({ certificate, ca: root.authority.certificatePem });
}
