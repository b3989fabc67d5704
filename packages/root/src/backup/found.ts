import type { HostMapEntry } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import type { FoundDirection } from './find-direction.ts';

/** The scope of a relay's certificate. */
export type Scope = readonly string[] | '*' | null;

/** What was found about one host; `own` is null for one that has not reported, or that the database knows. */
export interface FoundHost {
  readonly host: string;
  readonly environment: string;
  readonly entry: HostMapEntry | null;
  readonly own: FoundIdentity | null;
}

/** What a host that is not in the database proved by its certificate. */
export interface FoundIdentity {
  readonly name: string;
  /** Raw Ed25519 key, b64u. */
  readonly key: string;
  readonly serves: Scope;
  readonly certificateExpiresMs: number;
}

export async function foundHosts(db: Database): Promise<FoundHost[]> {
  return (await db.selectFrom('found_hosts').selectAll().orderBy('host').execute()).map(foundOf);
}

export async function foundHost(db: Database, host: string): Promise<FoundHost | null> {
  const row = await db.selectFrom('found_hosts').selectAll().where('host', '=', host).executeTakeFirst();
  return row === undefined ? null : foundOf(row);
}

function foundOf(row: Selectable<Tables['found_hosts']>): FoundHost {
  const { host, environment, entry, name, key, serves, certificate_expires_ms: expires } = row;
  return {
    host,
    environment,
    entry: entry === null ? null : (JSON.parse(entry) as HostMapEntry),
    own:
      name === null || key === null
        ? null
        : { name, key, serves: JSON.parse(serves ?? 'null') as Scope, certificateExpiresMs: expires ?? 0 },
  };
}

export async function noteIdentity(
  db: Database,
  { host, environment }: Pick<FoundHost, 'host' | 'environment'>,
  own: FoundIdentity,
): Promise<void> {
  const values = {
    name: own.name,
    key: own.key,
    serves: JSON.stringify(own.serves),
    certificate_expires_ms: own.certificateExpiresMs,
  };
  await db
    .insertInto('found_hosts')
    .values({ host, environment, entry: null, ...values })
    .onConflict((c) => c.column('host').doUpdateSet(values))
    .execute();
}

/** The newest number that was found of each environment. */
export async function foundDirections(
  db: Database,
): Promise<Map<string, { number: number; snapshot: number; document: string }>> {
  const rows = await db.selectFrom('found_directions').selectAll().execute();
  return new Map(
    rows.map((row) => [
      row.environment,
      { number: row.number, snapshot: row.snapshot_version, document: row.document },
    ]),
  );
}

/** Keeps a direction that is newer than what was found before. */
export async function noteDirection(db: Database, found: FoundDirection): Promise<void> {
  const { environment, number } = found.state;
  const values = { number, snapshot_version: found.snapshotVersion, document: found.document };
  const rows = [...found.entries].map(([host, entry]) => ({
    host: host as string,
    environment,
    entry: JSON.stringify(entry),
    name: null,
    key: null,
    serves: null,
    certificate_expires_ms: null,
  }));
  await db.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom('found_directions')
      .select('number')
      .where('environment', '=', environment)
      .executeTakeFirst();
    if (known !== undefined && known.number >= number) return;
    await trx
      .insertInto('found_directions')
      .values({ environment, ...values })
      .onConflict((c) => c.column('environment').doUpdateSet(values))
      .execute();
    for (let at = 0; at < rows.length; at += 500) {
      await trx
        .insertInto('found_hosts')
        .values(rows.slice(at, at + 500))
        .onConflict((c) => c.column('host').doUpdateSet((e) => ({ entry: e.ref('excluded.entry') })))
        .execute();
    }
  });
}
