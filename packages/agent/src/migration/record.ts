import type { BackupArtefact, MigrationOrder, MigrationReport } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** A backup that was made on this host, by the term under which it was. */
export interface KeptBackup extends BackupArtefact {
  readonly term: number;
}

/** What this host did and does as the runner of one database's migrations. */
export interface RunRecord {
  readonly database: string;
  /** Of the newest order that was begun. */
  readonly order: MigrationOrder;
  readonly state: MigrationReport['state'];
  readonly begun: boolean;
  /** How often the program was started under this term. */
  readonly attempt: number;
  /** Of those the ones since the last new checkpoint. */
  readonly fruitless: number;
  /** RFC 3339: since when it has this state. */
  readonly since: string;
  readonly checkpoint: string | null;
  readonly code?: string;
  readonly message?: string;
  /** The newest last. */
  readonly backups: readonly KeptBackup[];
}

export function runFile(path: string, log: Log): JsonFile<RunRecord> {
  return jsonFile(path, 'xylem-migration-run-1', parseRecord, log);
}

function parseRecord(value: Record<string, unknown>): RunRecord {
  const { format: _format, ...rest } = value;
  const record = rest as unknown as RunRecord;
  if (!Number.isSafeInteger(record.order?.term) || !Array.isArray(record.backups))
    throw new Error('no order, or no backups');
  return record;
}

/** What a report says of it. Pure. */
export function reportOf(record: RunRecord): MigrationReport {
  const { database, order, state, begun, attempt, since, checkpoint, code, message } = record;
  const backup = record.backups.find(({ term }) => term === order.term);
  const { term: _term, ...artefact } = backup ?? { term: 0 };
  return {
    database,
    term: order.term,
    action: order.action,
    to: order.to,
    state,
    begun,
    attempt,
    since: since as MigrationReport['since'],
    ...(checkpoint === null ? {} : { checkpoint }),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message: message.slice(0, 4_000) }),
    ...(backup === undefined ? {} : { backup: artefact as BackupArtefact }),
  };
}

/** What is left to do of an order. */
export type NextAct =
  /** Nothing: it came to an end under this term, or a later one was begun. */
  | 'nothing'
  /** From the beginning: a term that was not begun yet. */
  | 'begin'
  /** What was cut off. */
  | 'resume';

/** Pure. Once a term has come to an end here, nothing is done under it again. */
export function nextAct(record: RunRecord | null, { term }: MigrationOrder): NextAct {
  if (record === null || record.order.term < term) return 'begin';
  if (record.order.term > term) return 'nothing';
  return record.state === 'done' || record.state === 'failed' || record.state === 'fenced'
    ? 'nothing'
    : 'resume';
}
