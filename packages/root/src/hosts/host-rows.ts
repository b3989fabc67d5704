import {
  type Digest,
  type HostMapEntry,
  type KnownAddresses,
  type LinkLimit,
  parentRuleLimits,
} from '@xylem/core';
import type { Expression, ExpressionBuilder, Selectable, SqlBool } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import type { OperatorPins } from './pins.ts';

/** Two machines speak with one host's key: when that was seen, and by what. */
export interface Clone {
  readonly sinceMs: number;
  readonly what: string;
}

export type HostConfig = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A registered host, its JSON columns read. */
export interface HostRecord {
  readonly id: string;
  readonly environment: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly parents: readonly string[];
  /** The parent rule that they came by; null: none. */
  readonly parentsRule: string | null;
  /** By which parent rules went; null: not yet. */
  readonly ruleAddresses: KnownAddresses | null;
  /** By component, while that deployment is under way. */
  readonly kept: Readonly<Record<string, { readonly package: Digest; readonly deployment: string }>>;
  readonly pinned: OperatorPins;
  /** By component. */
  readonly config: HostConfig;
  readonly serve: boolean;
  /** Patterns of the environments that it may serve besides its own. */
  readonly serves: readonly string[];
  readonly retired: boolean;
  readonly certificateExpiresMs: number;
  readonly joinedMs: number;
  /** The join token by which it came. */
  readonly token: string;
  readonly revoked: { readonly atMs: number; readonly reason: string } | null;
  readonly cloned: Clone | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly movingFrom: string | null;
  /** The release repositories of the trust map that it joined with; null: not known. */
  readonly releases: readonly string[] | null;
  /** The last order about each component to adopt it, or to give it back. */
  readonly adopt: NonNullable<HostMapEntry['adopt']>;
  /** Local returns that an operator undid. */
  readonly undo: NonNullable<HostMapEntry['undo']>;
  /** How many children it takes as a relay; null: as many as by default. */
  readonly mostChildren: number | null;
  /** It gets no more children. */
  readonly drained: boolean;
  /** What its links may carry. */
  readonly limits: readonly LinkLimit[];
}

/** As much of a host as says what it is given. */
export type PlacedHost = Pick<
  HostRecord,
  'id' | 'name' | 'labels' | 'kept' | 'pinned' | 'retired' | 'joinedMs'
>;

export type PlacedRow = Pick<
  Selectable<Tables['hosts']>,
  'id' | 'name' | 'labels' | 'kept' | 'pinned' | 'retired' | 'joined_ms' | 'serve'
>;

export async function placedRows(db: Database, environment: string): Promise<PlacedRow[]> {
  return await db
    .selectFrom('hosts')
    .select(['id', 'name', 'labels', 'kept', 'pinned', 'retired', 'joined_ms', 'serve'])
    .where('environment', '=', environment)
    .execute();
}

export function placedOf(row: PlacedRow): PlacedHost {
  return {
    id: row.id,
    name: row.name,
    labels: JSON.parse(row.labels) as Record<string, string>,
    kept: JSON.parse(row.kept) as HostRecord['kept'],
    pinned: row.pinned === null ? {} : (JSON.parse(row.pinned) as OperatorPins),
    retired: row.retired === 1,
    joinedMs: row.joined_ms,
  };
}

function hostOf(row: Selectable<Tables['hosts']>): HostRecord {
  return {
    ...placedOf(row),
    environment: row.environment,
    parents: JSON.parse(row.parents) as string[],
    parentsRule: row.parents_rule,
    ruleAddresses:
      row.rule_addresses === null
        ? null
        : { addresses: JSON.parse(row.rule_addresses) as string[], changedMs: row.rule_addresses_ms },
    config: JSON.parse(row.config) as HostConfig,
    serve: row.serve === 1,
    serves: JSON.parse(row.serves) as string[],
    certificateExpiresMs: row.certificate_expires_ms,
    token: row.token,
    revoked: row.revoked_ms === null ? null : { atMs: row.revoked_ms, reason: row.revoked_reason ?? '' },
    cloned: row.cloned === null ? null : (JSON.parse(row.cloned) as Clone),
    replaces: row.replaces,
    replacedBy: row.replaced_by,
    movingFrom: row.moving_from,
    releases: row.releases === null ? null : (JSON.parse(row.releases) as string[]),
    adopt: JSON.parse(row.adopt) as HostRecord['adopt'],
    undo: JSON.parse(row.undone_returns) as HostRecord['undo'],
    mostChildren: row.most_children,
    drained: row.drained_ms !== null,
    limits: JSON.parse(row.link_limits) as LinkLimit[],
  };
}

/** All hosts of these environments (absent: of all), by id. */
export async function hostsIn(db: Database, environments?: readonly string[]): Promise<HostRecord[]> {
  if (environments?.length === 0) return [];
  const query = db.selectFrom('hosts').selectAll().orderBy('id');
  const rows = await (environments ? query.where('environment', 'in', environments) : query).execute();
  return rows.map(hostOf);
}

/** Takes those of an environment that are due for its parent rules: who writes them now waits, and makes them due anew. */
export async function takeDueHosts(trx: Database, environment: string, nowMs: number): Promise<HostRecord[]> {
  const rows = await trx
    .updateTable('hosts')
    .set({ rule_due_ms: null })
    .where('environment', '=', environment)
    .where(isDueForRules(nowMs))
    .returningAll()
    .execute();
  return rows.map(hostOf).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Also after the clock was set back: nobody waits for longer than that. */
export const isDueForRules =
  (nowMs: number) =>
  (e: ExpressionBuilder<Tables, 'hosts'>): Expression<SqlBool> =>
    e.or([e('rule_due_ms', '<=', nowMs), e('rule_due_ms', '>', nowMs + parentRuleLimits.againMs)]);

/** Hosts on their way from this environment to another, which have not come there yet. */
export async function hostsLeaving(db: Database, environment: string): Promise<HostRecord[]> {
  const query = db.selectFrom('hosts').selectAll().where('moving_from', '=', environment).orderBy('id');
  return (await query.execute()).map(hostOf);
}
