import { type EnvironmentId, type HostId, type RepositoryId, timeOf, XylemError } from '@xylem/core';
import {
  buildJoinAnswer,
  buildTrustMap,
  checkCsr,
  checkJoinRequest,
  type JoinRequest,
  metadataPath,
} from '@xylem/trust';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { noteCertificate } from '../hosts/revoked.ts';
import { welcomeSuccessor } from '../hosts/successors.ts';
import { readRepositoryFile } from '../publishing/repository-files.ts';
import type { Root } from '../root.ts';
import { servingScope } from './scope.ts';

/** How long a certificate issued now is valid (docs/spec/lifetimes.md). */
export const certificateLifetimeMs = 30 * 24 * 3600_000;

/**
 * `POST /join` (docs/spec/identity.md): checks the MAC by the token, registers the host and answers with its
 * certificate and trust map. Joining again with the same key and a token that still works gives the same host.
 * @throws XylemError E_JOIN_TOKEN, E_JOIN_MAC, E_CERTIFICATE, E_DOCUMENT_INVALID, E_FORBIDDEN
 */
export async function join(root: Root, body: Uint8Array): Promise<Uint8Array> {
  const { db, clock, authority } = root;
  const macKeyOf = async (id: string) => (await liveToken(db, id, clock.now()))?.mac_key ?? null;
  const request = await checkJoinRequest(body, macKeyOf);
  const { publicKey, host: ofKey } = await checkCsr(request.csr);
  const host = await hostOfKey(db, publicKey, ofKey);
  const token = await register(root, request, host, publicKey);
  const environment = token.environment as EnvironmentId;
  const asked = { ...token, serve: token.serve && request.serve };
  const serves = await servingScope(db, root.config.tenant, asked);
  const certificate = await authority.issue(request.csr, { environment, serves, host });
  await noteCertificate(db, host, { environment, serves }, clock.now() + certificateLifetimeMs);
  const row = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', environment)
    .executeTakeFirstOrThrow();
  const answer = buildJoinAnswer(token.macKey, request.mac, {
    host,
    certificate,
    ca: authority.certificatePem,
    environment: { id: environment, name: fullName(row) },
    trustMap: await trustMapOf(root, environment),
    parents: [root.nodesUrl()],
    issued: timeOf(clock.now()),
  });
  // The host finds itself in the host map at once, so that what it is given does not wait.
  root.directing.wake(environment);
  root.deploying.wake(environment);
  return answer;
}

/** Who has had another key before keeps its id, and a key that was changed for another one is nobody's. */
async function hostOfKey(db: Database, publicKey: Uint8Array, ofKey: HostId): Promise<HostId> {
  const key = Buffer.from(publicKey).toString('base64url');
  const owner = await db.selectFrom('hosts').select('id').where('key', '=', key).executeTakeFirst();
  if (owner !== undefined) return owner.id as HostId;
  const former = await db.selectFrom('host_keys').select('host').where('key', '=', key).executeTakeFirst();
  if (former === undefined) return ofKey;
  throw new XylemError(
    'E_CERTIFICATE',
    'This key was changed for another one: join by that, or with a new one.',
    {
      retry: 'never',
    },
  );
}

interface TakenToken {
  readonly environment: string;
  readonly serve: boolean;
  readonly serves: string;
  readonly macKey: Uint8Array;
}

/** One transaction: of two that join by the last use of a token, one is refused. */
async function register(
  root: Root,
  request: JoinRequest,
  host: HostId,
  publicKey: Uint8Array,
): Promise<TakenToken> {
  const nowMs = root.clock.now();
  return await root.db.transaction().execute(async (trx) => {
    const token = await liveToken(trx, request.token, nowMs);
    if (token === null) throw new XylemError('E_JOIN_TOKEN', 'The join token is used up or expired.');
    if (request.serve && token.serve === 0) {
      throw new XylemError('E_FORBIDDEN', 'The join token does not allow serving. Create one with --serve.');
    }
    const known = await trx.selectFrom('hosts').selectAll().where('id', '=', host).executeTakeFirst();
    if (known !== undefined && known.revoked_ms !== null) {
      throw new XylemError('E_HOST_REVOKED', `The key of ${known.name} was revoked. Join with a new one.`);
    }
    if (known !== undefined && known.environment !== token.environment) {
      throw new XylemError(
        'E_CONFLICT',
        'This host has joined another environment. Retire it there and use a new state folder.',
      );
    }
    const { numUpdatedRows } = await trx
      .updateTable('tokens')
      .set((e) => ({ uses_left: e('uses_left', '-', 1) }))
      .where('id', '=', token.id)
      .where('uses_left', '>', 0)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new XylemError('E_JOIN_TOKEN', 'The join token is used up or expired.');
    const values = {
      environment: token.environment,
      name: request.name,
      key: Buffer.from(publicKey).toString('base64url'),
      serve: request.serve ? 1 : 0,
      serves: token.serves,
      retired: 0,
      certificate_expires_ms: nowMs + certificateLifetimeMs,
      token: token.id,
      releases: JSON.stringify(root.config.releaseRepository === null ? [] : [root.config.releaseRepository]),
    };
    if (known === undefined) {
      await trx
        .insertInto('hosts')
        .values({
          id: host,
          ...values,
          labels: token.labels,
          parents: '[]',
          config: '{}',
          kept: '{}',
          joined_ms: nowMs,
        })
        .execute();
    } else {
      await trx.updateTable('hosts').set(values).where('id', '=', host).execute();
    }
    if (known === undefined) {
      const { name } = request;
      await welcomeSuccessor(trx, { id: host, name, environment: token.environment }, token, nowMs);
    }
    await appendAudit(trx, nowMs, {
      who: `token/${token.id}`,
      what: known === undefined ? 'host.join' : 'host.join.again',
      subject: `host/${host}`,
      environment: token.environment,
      after: { name: request.name, environment: token.environment, serve: request.serve },
    });
    return {
      environment: token.environment,
      serve: token.serve === 1,
      serves: token.serves,
      macKey: token.mac_key,
    };
  });
}

async function liveToken(db: Database, id: string, nowMs: number) {
  const row = await db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined || row.uses_left < 1 || row.expires_ms <= nowMs ? null : row;
}

async function trustMapOf(root: Root, environment: EnvironmentId) {
  const firstRoot = (repository: string) =>
    readRepositoryFile(root.repository, repository, metadataPath('root', 1));
  const release = root.config.releaseRepository as RepositoryId | null;
  return buildTrustMap({
    direction: await firstRoot(environment),
    releases: release === null ? [] : [await firstRoot(release)],
    products: release === null ? {} : { '*': release },
  });
}
