import { createHash } from 'node:crypto';
import { type EnvironmentId, type HostId, jcs, type Sealed, XylemError } from '@xylem/core';
import { checkRecipient } from '@xylem/trust';
import type { Secrets, SecretsChange } from '../api/schemas/index.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { newestGeneration, revisionOf, type SecretValue, valuesIn } from './rows.ts';
import { isMember, removedHosts, showSecrets, statementsIn } from './show.ts';

type Named = { readonly component: string; readonly key: string };
const nameOf = ({ component, key }: Named): string => `${component}.${key}`;

/**
 * Takes one change of an environment's secrets, whole or not at all, and directs it (docs/spec/secrets.md).
 * @throws XylemError E_CONFLICT, E_INPUT, E_SECRET_INVALID
 */
export async function changeSecrets(
  root: Root,
  who: string,
  row: EnvironmentRow,
  change: SecretsChange,
): Promise<Secrets> {
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, `secrets/${row.id}`);
    const revision = await revisionOf(trx, row.id);
    if (revision !== change.revision) {
      throw new XylemError(
        'E_CONFLICT',
        `The secrets of ${fullName(row)} are at revision ${revision}, and this was made from ${change.revision}: someone changed them meanwhile.`,
        { retry: 'later' },
      );
    }
    const before = await valuesIn(trx, row.id);
    const generation = await takeGeneration(trx, row, change, before, nowMs);
    await takeValues(trx, row, change, { generation, before, who, nowMs });
    await takeWraps(trx, row, change, generation, nowMs);
    const values = { environment: row.id, revision: revision + 1 };
    await trx
      .insertInto('secret_states')
      .values(values)
      .onConflict((c) => c.column('environment').doUpdateSet(values))
      .execute();
    await appendAudit(trx, nowMs, {
      who,
      what: 'secrets.change',
      subject: `environment/${row.id}`,
      environment: row.id,
      before: { revision, values: before.map(nameOf) },
      after: {
        revision: revision + 1,
        generation,
        set: change.set.map((one) => ({ name: nameOf(one), sealed: digestOf(one.sealed) })),
        removed: change.remove.map(nameOf),
        wrapped: change.wraps.map(({ host }) => host),
      },
    });
  });
  await root.directing.publish(row.id);
  return await showSecrets(root.db, row);
}

/** Of what is sealed, with its random file key: it says nothing about the value. */
const digestOf = (sealed: Sealed): string => createHash('sha256').update(jcs(sealed)).digest('hex');

/** @returns the newest generation after the change */
async function takeGeneration(
  trx: Database,
  row: EnvironmentRow,
  { generation: next, set, remove }: SecretsChange,
  before: readonly SecretValue[],
  nowMs: number,
): Promise<number> {
  const newest = await newestGeneration(trx, row.id);
  if (next === undefined) {
    if (newest !== null) return newest.generation;
    throw new XylemError(
      'E_INPUT',
      `${fullName(row)} has no generation of keys yet: the first change brings one.`,
    );
  }
  if (next.number <= (newest?.generation ?? 0)) {
    throw new XylemError('E_CONFLICT', `Generation ${next.number} does not follow ${newest?.generation}.`);
  }
  const named = new Set([...set, ...remove].map(nameOf));
  const left = before.find((value) => !named.has(nameOf(value)));
  if (left !== undefined) {
    throw new XylemError(
      'E_INPUT',
      `A new generation seals every value anew, and ${nameOf(left)} is missing.`,
    );
  }
  const { number, recipient, holder } = next;
  await trx
    .insertInto('secret_generations')
    .values({ environment: row.id, generation: number, recipient, holder, created_ms: nowMs })
    .execute();
  return number;
}

async function takeValues(
  trx: Database,
  row: EnvironmentRow,
  { set, remove }: SecretsChange,
  given: { generation: number; before: readonly SecretValue[]; who: string; nowMs: number },
): Promise<void> {
  const { generation, before, who, nowMs } = given;
  // Hosts that were removed had the former generation's key: whoever wraps anew below is not one of them.
  const removed = await formerlyRemoved(trx, row.id, generation);
  for (const { component, key, sealed } of set) {
    if (sealed.generation !== generation) {
      throw new XylemError(
        'E_CONFLICT',
        `${component}.${key} is sealed by generation ${sealed.generation}; the newest is ${generation}.`,
      );
    }
    const old = before.find((value) => value.component === component && value.key === key);
    // The same value under another key: who knew it knows it still.
    const isSame = old !== undefined && old.sealed.version === sealed.version;
    const exposed = isSame ? [...new Set([...old.exposed, ...removed])].sort() : [];
    const values = {
      sealed: JSON.stringify(sealed),
      set_ms: isSame ? old.setMs : nowMs,
      set_by: isSame ? old.setBy : who,
      exposed: JSON.stringify(exposed),
    };
    await trx
      .insertInto('secret_values')
      .values({ environment: row.id, component, key, ...values })
      .onConflict((c) => c.columns(['environment', 'component', 'key']).doUpdateSet(values))
      .execute();
  }
  for (const { component, key } of remove) {
    await trx
      .deleteFrom('secret_values')
      .where('environment', '=', row.id)
      .where('component', '=', component)
      .where('key', '=', key)
      .execute();
  }
}

/** Asked before the new generation has any wrap, so that it speaks of the former one. */
async function formerlyRemoved(trx: Database, environment: string, generation: number): Promise<string[]> {
  const former = await trx
    .selectFrom('secret_generations')
    .select('generation')
    .where('environment', '=', environment)
    .where('generation', '<', generation)
    .orderBy('generation', 'desc')
    .executeTakeFirst();
  return former === undefined ? [] : await removedHosts(trx, environment, former.generation);
}

async function takeWraps(
  trx: Database,
  row: EnvironmentRow,
  { wraps }: SecretsChange,
  generation: number,
  nowMs: number,
): Promise<void> {
  const hosts = new Map((await hostsIn(trx, [row.id])).map((host) => [host.id, host]));
  const statements = await statementsIn(trx, row.id);
  for (const { host, generation: of, recipient, age } of wraps) {
    const known = hosts.get(host);
    if (known === undefined || !isMember(known)) {
      throw new XylemError(
        'E_CONFLICT',
        `The host ${host} is not in ${fullName(row)}, or it was retired or revoked.`,
      );
    }
    const statement = statements.get(host);
    if (statement === undefined || statement.recipient !== recipient || of !== generation) {
      throw new XylemError(
        'E_CONFLICT',
        `The key wrapped for ${known.name} is not the one that it needs now.`,
      );
    }
    checkRecipient({ host: host as HostId, environment: row.id as EnvironmentId }, statement);
    const values = { recipient, age, created_ms: nowMs };
    await trx
      .insertInto('secret_wraps')
      .values({ environment: row.id, generation, host, ...values })
      .onConflict((c) => c.columns(['environment', 'generation', 'host']).doUpdateSet(values))
      .execute();
  }
}
