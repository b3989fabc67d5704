import { type EnvironmentId, jcsBytes, XylemError } from '@xylem/core';
import { checkCsr, hostIdOf, parseRekeyRequest, type RekeyRequest } from '@xylem/trust';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { issueFor, type RenewableHost, renewableHost } from './renew.ts';

/**
 * `POST /renew` for another key (docs/spec/identity.md): signed for by the present one, and by itself in the request. The
 * id stays; who asks again because the answer was lost is answered again.
 * @throws XylemError E_CERTIFICATE, E_CONFLICT, E_HOST_RETIRED, E_HOST_REVOKED, E_DOCUMENT_INVALID
 */
export async function rekey(root: Root, body: Uint8Array): Promise<Uint8Array> {
  const { db, clock, authority } = root;
  const request = parseRekeyRequest(body);
  const { publicKey, commonName } = await checkCsr(request.csr);
  const next = Buffer.from(publicKey).toString('base64url');
  const host = await renewableHost(root, commonName);
  if (host.id !== request.host) throw refused('names two hosts');
  if (host.key === next) {
    if (!(await isChained(db, host, request))) throw refused('is not signed by the key before');
  } else {
    if (!request.isBy(Buffer.from(host.key, 'base64url'))) throw refused('is not signed by the present key');
    await db.transaction().execute((trx) => chain(trx, host, { next, publicKey, body }, clock.now()));
  }
  const certificate = await issueFor(root, host, request.csr);
  return jcsBytes({ certificate, ca: authority.certificatePem });
}

/** Whether the key that the host has already was signed for by the one before: the same request once more. */
async function isChained(db: Database, host: RenewableHost, request: RekeyRequest): Promise<boolean> {
  const rows = await db
    .selectFrom('host_keys')
    .select('key')
    .where('host', '=', host.id)
    .orderBy('number', 'desc')
    .limit(2)
    .execute();
  const [present, before] = rows;
  if (present?.key !== host.key || before === undefined) return false;
  return request.isBy(Buffer.from(before.key, 'base64url'));
}

async function chain(
  trx: Database,
  host: RenewableHost,
  { next, publicKey, body }: { next: string; publicKey: Uint8Array; body: Uint8Array },
  nowMs: number,
): Promise<void> {
  const taken = await trx
    .selectFrom('hosts')
    .select('id')
    .where((e) => e.or([e('id', '=', hostIdOf(publicKey)), e('key', '=', next)]))
    .executeTakeFirst();
  const former = await trx.selectFrom('host_keys').select('host').where('key', '=', next).executeTakeFirst();
  if (taken !== undefined || former !== undefined) {
    throw new XylemError('E_CONFLICT', 'The next key is, or was, that of a host already.');
  }
  const { numUpdatedRows } = await trx
    .updateTable('hosts')
    .set({ key: next })
    .where('id', '=', host.id)
    .where('key', '=', host.key)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new XylemError('E_BUSY', 'The key of this host is just being changed.');
  const held = await trx
    .selectFrom('host_keys')
    .select((e) => e.fn.max('number').as('number'))
    .where('host', '=', host.id)
    .executeTakeFirst();
  const number = held?.number == null ? null : Number(held.number);
  const own = { host: host.id, since_ms: nowMs };
  if (number === null) {
    await trx
      .insertInto('host_keys')
      .values({ ...own, number: 0, key: host.key, request: '' })
      .execute();
  }
  await trx
    .insertInto('host_keys')
    .values({ ...own, number: (number ?? 0) + 1, key: next, request: Buffer.from(body).toString() })
    .execute();
  await appendAudit(trx, nowMs, {
    who: `host/${host.id}`,
    what: 'host.rekey',
    subject: `host/${host.id}`,
    environment: host.environment as EnvironmentId,
    before: { key: host.key },
    after: { key: next },
  });
}

function refused(what: string): XylemError {
  return new XylemError('E_CERTIFICATE', `The request for another key ${what}.`, { retry: 'never' });
}
