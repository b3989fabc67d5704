import type { Digest } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

export type HostConfig = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A registered host, its JSON columns read. */
export interface HostRecord {
  readonly id: string;
  readonly environment: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly parents: readonly string[];
  /** By component, while that deployment is under way. */
  readonly kept: Readonly<Record<string, { readonly package: Digest; readonly deployment: string }>>;
  /** By component. */
  readonly config: HostConfig;
  readonly serve: boolean;
  /** Patterns of the environments that it may serve besides its own. */
  readonly serves: readonly string[];
  readonly retired: boolean;
  readonly certificateExpiresMs: number;
  readonly joinedMs: number;
}

function hostOf(row: Selectable<Tables['hosts']>): HostRecord {
  return {
    id: row.id,
    environment: row.environment,
    name: row.name,
    labels: JSON.parse(row.labels) as Record<string, string>,
    parents: JSON.parse(row.parents) as string[],
    config: JSON.parse(row.config) as HostConfig,
    kept: JSON.parse(row.kept) as HostRecord['kept'],
    serve: row.serve === 1,
    serves: JSON.parse(row.serves) as string[],
    retired: row.retired === 1,
    certificateExpiresMs: row.certificate_expires_ms,
    joinedMs: row.joined_ms,
  };
}

/** All hosts of these environments (absent: of all), by id. */
export async function hostsIn(db: Database, environments?: readonly string[]): Promise<HostRecord[]> {
  if (environments?.length === 0) return [];
  const query = db.selectFrom('hosts').selectAll().orderBy('id');
  const rows = await (environments ? query.where('environment', 'in', environments) : query).execute();
  return rows.map(hostOf);
}
