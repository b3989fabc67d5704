import type { Config, Sealed } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

export interface SecretValue {
  readonly component: string;
  readonly key: string;
  readonly sealed: Sealed;
  readonly setMs: number;
  readonly setBy: string;
  /** Names of removed hosts that could open it. */
  readonly exposed: readonly string[];
}

export type GenerationRow = Selectable<Tables['secret_generations']>;

/** Changes with every change of the environment's secrets; 0 before the first. */
export async function revisionOf(db: Database, environment: string): Promise<number> {
  const row = await db
    .selectFrom('secret_states')
    .select('revision')
    .where('environment', '=', environment)
    .executeTakeFirst();
  return row?.revision ?? 0;
}

export async function newestGeneration(db: Database, environment: string): Promise<GenerationRow | null> {
  const row = await db
    .selectFrom('secret_generations')
    .selectAll()
    .where('environment', '=', environment)
    .orderBy('generation', 'desc')
    .executeTakeFirst();
  return row ?? null;
}

export async function valuesIn(db: Database, environment: string): Promise<SecretValue[]> {
  const rows = await db
    .selectFrom('secret_values')
    .selectAll()
    .where('environment', '=', environment)
    .orderBy('component')
    .orderBy('key')
    .execute();
  return rows.map((row) => ({
    component: row.component,
    key: row.key,
    sealed: JSON.parse(row.sealed) as Sealed,
    setMs: row.set_ms,
    setBy: row.set_by,
    exposed: JSON.parse(row.exposed) as string[],
  }));
}

/** The sealed values as configuration, by component. */
export async function sealedConfigs(db: Database, environment: string): Promise<Record<string, Config>> {
  const configs: Record<string, Record<string, unknown>> = {};
  for (const { component, key, sealed } of await valuesIn(db, environment)) {
    configs[component] = { ...configs[component], [key]: { $sealed: sealed } };
  }
  return configs;
}

/** Of a generation (absent: the newest): what each host is given, by its id. */
export async function wrapsIn(
  db: Database,
  environment: string,
  generation?: number,
): Promise<ReadonlyMap<string, Selectable<Tables['secret_wraps']>>> {
  const wanted = generation ?? (await newestGeneration(db, environment))?.generation;
  if (wanted === undefined) return new Map();
  const rows = await db
    .selectFrom('secret_wraps')
    .selectAll()
    .where('environment', '=', environment)
    .where('generation', '=', wanted)
    .execute();
  return new Map(rows.map((row) => [row.host, row]));
}
