import type { HostMapEntry } from '@xylem/core';
import type { Insertable } from 'kysely';
import { appendAudit } from '../audit/audit.ts';
import type { Database, Tables } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import type { OperatorPins } from '../hosts/pins.ts';
import type { FoundHost, FoundIdentity, Scope } from './found.ts';
import { foundPins, restoredPins } from './found-pins.ts';

/** Who took a host in, in the audit log and in the place of its join token. */
const registrar = 'restore';

/**
 * Registers a host that joined after the backup: its key and scope from its certificate, all else from the host map
 * where that names it.
 */
export async function registerFound(
  trx: Database,
  { host, environment, entry }: FoundHost,
  own: FoundIdentity,
  nowMs: number,
): Promise<void> {
  const values = {
    environment,
    key: own.key,
    serves: JSON.stringify(await patternsOf(trx, environment, own.serves)),
    certificate_expires_ms: own.certificateExpiresMs,
    token: registrar,
    kept: '{}',
    joined_ms: nowMs,
    ...columnsOf(
      entry ?? { labels: {}, ...(own.serves === null ? {} : { serve: true }) },
      restoredPins(await foundPins(trx, host, entry), {}, nowMs),
    ),
    name: entry?.name ?? own.name,
  };
  await trx
    .insertInto('hosts')
    .values({ id: host, ...values })
    .onConflict((c) => c.doNothing())
    .execute();
  await trx.deleteFrom('found_hosts').where('host', '=', host).execute();
  const after = {
    name: values.name,
    environment,
    labels: entry?.labels ?? null,
    retired: values.retired === 1,
  };
  const subject = `host/${host}`;
  await appendAudit(trx, nowMs, { who: registrar, what: 'host.found', subject, environment, after });
}

type Columns = Pick<
  Insertable<Tables['hosts']>,
  | 'labels'
  | 'parents'
  | 'config'
  | 'pinned'
  | 'adopt'
  | 'undone_returns'
  | 'link_limits'
  | 'serve'
  | 'retired'
>;

/** What an operator said about a host, as the host map has it. */
export function columnsOf(entry: HostMapEntry, pins: OperatorPins): Columns {
  return {
    labels: JSON.stringify(entry.labels),
    parents: JSON.stringify(entry.parents ?? []),
    config: JSON.stringify(entry.config ?? {}),
    pinned: Object.keys(pins).length === 0 ? null : JSON.stringify(pins),
    adopt: JSON.stringify(entry.adopt ?? {}),
    undone_returns: JSON.stringify(entry.undo ?? {}),
    link_limits: JSON.stringify(entry.limits ?? []),
    serve: entry.serve === true ? 1 : 0,
    retired: entry.retired === true ? 1 : 0,
  };
}

/** The certificate names environments by id; the patterns of which that came are not in it. */
async function patternsOf(trx: Database, own: string, serves: Scope): Promise<string[]> {
  if (serves === null) return [];
  if (serves === '*') return ['*'];
  const others = serves.filter((id) => id !== own);
  if (others.length === 0) return [];
  const rows = await trx.selectFrom('environments').selectAll().where('id', 'in', others).execute();
  return rows.map(fullName);
}
