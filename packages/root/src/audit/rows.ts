import { timeOf } from '@xylem/core';
import { type Selectable, sql } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import type { AnyAuditDocument } from './entry.ts';

export type AuditRow = Selectable<Tables['audit']>;

/** The entry of a row, whose chain comes from the row before. */
export function documentOf(row: AuditRow, previous: string): AnyAuditDocument {
  const { sequence, time_ms, who, what, subject: on, before, after } = row;
  if (row.format === 0) {
    return { format: 'xylem-audit-0', sequence, previous, timeMs: time_ms, who, what, on, before, after };
  }
  return {
    format: 'xylem-audit-1',
    sequence,
    previous,
    // A time that was moved by less than a second shows, too.
    time: time_ms % 1000 === 0 ? timeOf(time_ms) : `${time_ms} ms`,
    who,
    from: row.from_address,
    what,
    on,
    environment: row.environment,
    before: jsonOf(before),
    after: jsonOf(after),
  };
}

/** A text that is no JSON any more becomes one that no hash fits. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { damaged: text };
  }
}

export interface AuditSelection {
  /** Behind this sequence. */
  readonly after?: number;
  /** Up to this one. */
  readonly upTo?: number;
  readonly who?: string;
  /** `host.label`, or `host` for all of its verbs. */
  readonly what?: string;
  /** `deployment/<id>`. */
  readonly on?: string;
  /** Ids. */
  readonly environments?: readonly string[];
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

export interface LinkedRow {
  readonly entry: AnyAuditDocument;
  readonly hash: string;
}

/** Entries with the hash that each follows. */
export async function readAudit(db: Database, selection: AuditSelection): Promise<LinkedRow[]> {
  const { after, upTo, who, what, on, environments, sinceMs, untilMs, newestFirst, limit } = selection;
  let query = db
    .selectFrom('audit as a')
    .selectAll('a')
    .select((e) =>
      e
        .selectFrom('audit as b')
        .select('b.hash')
        .whereRef('b.sequence', '<', 'a.sequence')
        .orderBy('b.sequence', 'desc')
        .limit(1)
        .as('previous'),
    )
    .orderBy('a.sequence', newestFirst ? 'desc' : 'asc')
    .limit(limit);
  if (after !== undefined) query = query.where('a.sequence', '>', after);
  if (upTo !== undefined) query = query.where('a.sequence', '<=', upTo);
  if (who !== undefined) query = query.where(sql<boolean>`a.who like ${`%${literal(who)}%`} escape '\\'`);
  if (what !== undefined) {
    const verbs = `${literal(what)}.%`;
    query = query.where((e) =>
      e.or([e('a.what', '=', what), sql<boolean>`a.what like ${verbs} escape '\\'`]),
    );
  }
  if (on !== undefined) query = query.where('a.subject', '=', on);
  if (environments !== undefined) query = query.where('a.environment', 'in', ['', ...environments]);
  if (sinceMs !== undefined) query = query.where('a.time_ms', '>=', sinceMs);
  if (untilMs !== undefined) query = query.where('a.time_ms', '<', untilMs);
  return (await query.execute()).map((row) => ({
    entry: documentOf(row, row.previous ?? ''),
    hash: row.hash,
  }));
}

const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** Envelopes of checkpoints behind one sequence, up to another. */
export async function readCheckpoints(
  db: Database,
  after: number,
  upTo: number,
): Promise<{ sequence: number; envelope: object }[]> {
  const rows = await db
    .selectFrom('audit_checkpoints')
    .select(['sequence', 'envelope'])
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .orderBy('sequence')
    .execute();
  return rows.map(({ sequence, envelope }) => ({ sequence, envelope: JSON.parse(envelope) as object }));
}
