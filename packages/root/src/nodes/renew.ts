import { type EnvironmentId, isHostId, jcsBytes, lifetimes, XylemError } from '@xylem/core';
import { checkCsr, environmentOfRenewal, parseRenewRequest } from '@xylem/trust';
import type { Selectable } from 'kysely';
import type { Tables } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { noteCertificate } from '../hosts/revoked.ts';
import type { Root } from '../root.ts';
import { certificateLifetimeMs } from './join.ts';
import { servingScope } from './scope.ts';

export type RenewableHost = Selectable<Tables['hosts']>;

/**
 * `POST /renew` (docs/spec/identity.md): the request names a host as its subject and is signed by the key registered
 * for it, which is the whole proof; an expired certificate may renew, a retired or revoked host may not.
 * @throws XylemError E_CERTIFICATE, E_HOST_RETIRED, E_HOST_REVOKED, E_DOCUMENT_INVALID
 */
export async function renew(root: Root, body: Uint8Array): Promise<Uint8Array> {
  const csr = parseRenewRequest(body);
  const { publicKey, commonName } = await checkCsr(csr);
  const host = await renewableHost(root, commonName, Buffer.from(publicKey).toString('base64url'));
  const certificate = await issueFor(root, host, csr, environmentOfRenewal(body));
  const name = await nameOfNew(root, host, environmentOfRenewal(body));
  return jcsBytes({ certificate, ca: root.authority.certificatePem, ...(name === null ? {} : { name }) });
}

/** Who goes to another tenant hears the name of where it goes from nobody else. */
async function nameOfNew(
  { db }: Root,
  host: RenewableHost,
  asked: EnvironmentId | null,
): Promise<string | null> {
  if (host.moving_from === null || asked !== host.environment) return null;
  const [from, to] = [host.moving_from, host.environment].map((id) =>
    db.selectFrom('environments').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
  );
  const [old, next] = [await from, await to];
  return next === undefined || old?.tenant === next.tenant ? null : fullName(next);
}

/**
 * The host of this id, if it may have another certificate.
 * @param key b64u: where it is given, the one that must be registered
 * @throws XylemError E_CERTIFICATE, E_HOST_RETIRED, E_HOST_REVOKED
 */
export async function renewableHost(root: Root, id: string, key?: string): Promise<RenewableHost> {
  const row = isHostId(id)
    ? await root.db.selectFrom('hosts').selectAll().where('id', '=', id).executeTakeFirst()
    : undefined;
  if (row === undefined || (key !== undefined && row.key !== key)) {
    throw new XylemError('E_CERTIFICATE', 'The request is not by the registered key of a host.', {
      retry: 'never',
    });
  }
  if (row.revoked_ms !== null) throw new XylemError('E_HOST_REVOKED', `The host ${row.name} was revoked.`);
  if (root.clock.now() > row.certificate_expires_ms + lifetimes.renewalGraceMs) {
    throw new XylemError(
      'E_CERTIFICATE',
      `The certificate of ${row.name} ended too long ago: join it again.`,
    );
  }
  if (row.retired === 1) throw new XylemError('E_HOST_RETIRED', `The host ${row.name} was retired.`);
  return row;
}

/**
 * A certificate (PEM) for what the host is now, noted before it is given away. One that is on its way to another
 * environment gets it for that when it asks so: before, it could not read the direction that sends it there.
 */
export async function issueFor(
  root: Root,
  host: RenewableHost,
  csr: Uint8Array,
  asked: EnvironmentId | null = null,
): Promise<string> {
  const isThere = host.moving_from === null || asked === host.environment;
  const environment = (isThere ? host.environment : host.moving_from) as EnvironmentId;
  const scoped = { ...host, environment, serve: host.serve === 1 };
  const serves = await servingScope(root.db, root.config.tenant, scoped);
  if (!isHostId(host.id)) throw new TypeError('a registered host has a host id');
  const certificate = await root.authority.issue(csr, { environment, serves, host: host.id });
  const untilMs = root.clock.now() + certificateLifetimeMs;
  await noteCertificate(root.db, host.id, { environment, serves }, untilMs);
  await root.db
    .updateTable('hosts')
    .set({ certificate_expires_ms: untilMs })
    .where('id', '=', host.id)
    .execute();
  return certificate;
}
