import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { jcsBytes, timeOf, XylemError } from '@xylem/core';
import { type Clock, type Log, writeFileAtomic } from '@xylem/platform';
import { generateKey, type KeyPair, saveKeyFile, signEnvelope } from '@xylem/trust';
import type { Database } from '../db/tables.ts';
import { loadExistingKey } from '../keys/root-keys.ts';
import { readCheckpoints } from './rows.ts';
import {
  type AuditCheckpoint,
  type AuditPlace,
  type AuditVerdict,
  checkpointType,
  openCheckpoint,
} from './verify.ts';
import { headOf, verifyLog } from './verify-log.ts';

export interface AuditingOptions {
  readonly db: Database;
  readonly key: KeyPair;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the newest checkpoint lies beside the database. */
  readonly file: string;
}

/** The audit log of a running root server beyond its entries: checkpoints and verification. */
export interface Auditing {
  /** Raw Ed25519. */
  readonly key: Uint8Array;
  /** What the last verification found; null: whole, or not verified yet. */
  fault(): { readonly sequence: number | null; readonly message: string } | null;
  /** A checkpoint of the last entry, new or the one that is there. */
  checkpoint(): Promise<{ readonly checkpoint: AuditCheckpoint; readonly envelope: object }>;
  /** @throws XylemError E_AUDIT_BROKEN */
  verify(signal?: AbortSignal): Promise<AuditVerdict>;
  /** What is due now: a checkpoint, the daily verification. */
  maintain(signal?: AbortSignal): Promise<void>;
}

const entriesPerCheckpoint = 1000;
const dayMs = 24 * 3600_000;

export function createAuditing({ db, key, clock, log, file }: AuditingOptions): Auditing {
  let fault: { sequence: number | null; message: string } | null = null;
  let verifiedMs: number | null = null;
  const checkpoint: Auditing['checkpoint'] = async () => {
    const { sequence, hash } = await headOf(db);
    const present = (await readCheckpoints(db, sequence - 1, sequence))[0];
    if (present !== undefined) {
      return { checkpoint: await openCheckpoint(present.envelope, key.public), envelope: present.envelope };
    }
    const said: AuditCheckpoint = {
      format: 'xylem-audit-checkpoint-1',
      sequence,
      hash,
      time: timeOf(clock.now()),
    };
    const bytes = signEnvelope(checkpointType, jcsBytes(said), key);
    await db
      .insertInto('audit_checkpoints')
      .values({ sequence, time_ms: clock.now(), envelope: Buffer.from(bytes).toString() })
      // Two that ask at once sign the same.
      .onConflict((c) => c.column('sequence').doNothing())
      .execute();
    await writeFileAtomic(file, bytes, { mode: 0o600 });
    return { checkpoint: said, envelope: JSON.parse(Buffer.from(bytes).toString()) as object };
  };

  const verify = async (signal?: AbortSignal): Promise<AuditVerdict> =>
    verifyLog(db, { key: key.public, known: await besideDatabase(file, key.public), signal });

  const look = async (signal?: AbortSignal): Promise<void> => {
    try {
      const verdict = await verify(signal);
      if (fault !== null) log.info('the audit log is whole again', { entries: verdict.entries });
      fault = null;
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof XylemError) || error.code !== 'E_AUDIT_BROKEN') throw error;
      const { sequence } = error.details;
      fault = { sequence: typeof sequence === 'number' ? sequence : null, message: error.message };
      log.error('the audit log is broken', { error });
    }
  };

  return {
    key: key.public,
    fault: () => fault,
    checkpoint,
    verify,
    maintain: async (signal) => {
      if (verifiedMs === null || clock.monotonicMs() - verifiedMs >= dayMs) {
        verifiedMs = clock.monotonicMs();
        await look(signal);
      }
      // Nothing is signed that was found broken: the next checkpoint would hide it.
      if (fault === null && (await isCheckpointDue(db, clock.now()))) await checkpoint();
    },
  };
}

async function isCheckpointDue(db: Database, nowMs: number): Promise<boolean> {
  const { sequence } = await db.selectFrom('audit_head').select('sequence').executeTakeFirstOrThrow();
  const last = await db
    .selectFrom('audit_checkpoints')
    .select(['sequence', 'time_ms'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const behind = sequence - (last?.sequence ?? 0);
  return behind >= entriesPerCheckpoint || (behind > 0 && nowMs - (last?.time_ms ?? 0) >= dayMs);
}

/**
 * The audit log of a state folder; its key is made where there is none yet.
 * @throws XylemError E_STATE_DAMAGED if the key is missing or damaged that signed the checkpoints
 */
export async function openAuditing(
  paths: { readonly folder: string; readonly keys: string },
  parts: Pick<AuditingOptions, 'db' | 'clock' | 'log'>,
): Promise<Auditing> {
  const keyFile = join(paths.keys, 'audit.pem');
  const file = join(paths.folder, 'audit-checkpoint.json');
  const first = await parts.db.selectFrom('audit_checkpoints').select('sequence').limit(1).executeTakeFirst();
  const isThere = await stat(keyFile).then(
    () => true,
    () => false,
  );
  if (!isThere && first === undefined) await saveKeyFile(keyFile, generateKey());
  return createAuditing({ ...parts, key: await loadExistingKey(keyFile), file });
}

/** The newest checkpoint that this root server signed, from outside its database. */
async function besideDatabase(file: string, key: Uint8Array): Promise<AuditPlace[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new XylemError('E_STORAGE', `Cannot read ${file}.`, { cause: error });
  }
  return [await openCheckpoint(Buffer.from(text), key)];
}
