import { type HostMapEntry, type RecipientStatement, type Report, timeOf } from '@xylem/core';
import type { Secrets } from '../api/schemas/index.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, refOf } from '../environments/names.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { newestGeneration, revisionOf, valuesIn, wrapsIn } from './rows.ts';

/** All that a key holder needs, and nothing that opens anything. */
export async function showSecrets(db: Database, row: EnvironmentRow): Promise<Secrets> {
  const newest = await newestGeneration(db, row.id);
  const wraps = await wrapsIn(db, row.id);
  const statements = await statementsIn(db, row.id);
  const hosts = (await hostsIn(db, [row.id])).filter(isMember);
  return {
    environment: refOf(row),
    revision: await revisionOf(db, row.id),
    generation:
      newest === null
        ? null
        : {
            number: newest.generation,
            recipient: newest.recipient,
            holder: newest.holder,
            created: timeOf(newest.created_ms),
          },
    values: (await valuesIn(db, row.id)).map(({ component, key, sealed, setMs, setBy, exposed }) => ({
      component,
      key,
      sealed,
      set: timeOf(setMs),
      by: setBy,
      exposedTo: [...exposed],
    })),
    hosts: hosts.map(({ id, name }) => {
      const statement = statements.get(id) ?? null;
      return { id, name, statement, wrapped: isFor(wraps.get(id)?.recipient, statement) };
    }),
    removed: await removedHosts(db, row.id),
  };
}

/** Whom keys are for: not who is going or was thrown out. */
export const isMember = ({ retired, revoked }: Pick<HostRecord, 'retired' | 'revoked'>): boolean =>
  !retired && revoked === null;

/** What was wrapped for a key that the host no longer has opens nothing. */
const isFor = (recipient: string | undefined, statement: RecipientStatement | null): boolean =>
  recipient !== undefined && (statement === null || statement.recipient === recipient);

/** Recipients that hosts reported, by host. */
export async function statementsIn(
  db: Database,
  environment: string,
): Promise<Map<string, RecipientStatement>> {
  const rows = await db
    .selectFrom('reports')
    .select(['host', 'document'])
    .where('environment', '=', environment)
    .execute();
  const statements = new Map<string, RecipientStatement>();
  for (const { host, document } of rows) {
    const { secrets } = JSON.parse(document) as Report;
    if (secrets !== undefined) statements.set(host, secrets);
  }
  return statements;
}

/** Names of hosts that have the key of a generation (absent: the newest) and are in the environment no more. */
export async function removedHosts(
  db: Database,
  environment: string,
  generation?: number,
): Promise<string[]> {
  const wanted = generation ?? (await newestGeneration(db, environment))?.generation;
  if (wanted === undefined) return [];
  const rows = await db
    .selectFrom('secret_wraps as w')
    .leftJoin('hosts as h', 'h.id', 'w.host')
    .select(['w.host as id', 'h.name', 'h.environment', 'h.retired', 'h.revoked_ms'])
    .where('w.environment', '=', environment)
    .where('w.generation', '=', wanted)
    .execute();
  const left = await namesOfLeft(db, environment);
  return rows
    .filter((row) => row.environment !== environment || row.retired === 1 || row.revoked_ms !== null)
    .map(({ id, name }) => left.get(id) ?? name ?? id)
    .sort();
}

/** As this environment knew those that went to another tenant: what they are called there is not its affair. */
async function namesOfLeft(db: Database, environment: string): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('moved_hosts as m')
    .innerJoin('move_requests as r', 'r.id', 'm.move')
    .select(['m.host', 'm.entry'])
    .where('r.from_environment', '=', environment)
    .where('m.left_ms', 'is not', null)
    .execute();
  return new Map(
    rows.map(({ host, entry }) => [host, (JSON.parse(entry ?? '{}') as HostMapEntry).name ?? host]),
  );
}
