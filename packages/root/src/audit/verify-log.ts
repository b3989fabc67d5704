import type { Database } from '../db/tables.ts';
import { readAudit, readCheckpoints } from './rows.ts';
import { type AuditPlace, type AuditVerdict, auditVerifier } from './verify.ts';

const pageEntries = 1000;

/**
 * Verifies the log of a database, page by page, so that nobody who writes meanwhile waits for long.
 * @param known must have been read before: what is appended meanwhile counts the next time
 * @throws XylemError E_AUDIT_BROKEN
 */
export async function verifyLog(
  db: Database,
  options: {
    readonly key: Uint8Array;
    readonly known: readonly AuditPlace[];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<AuditVerdict> {
  const end = await headOf(db);
  const verifier = auditVerifier(options);
  for (let after = 0; after < end.sequence; ) {
    options.signal?.throwIfAborted();
    const page = await readAudit(db, { after, upTo: end.sequence, limit: pageEntries });
    const last = page.at(-1)?.entry.sequence ?? end.sequence;
    const checkpoints = await readCheckpoints(db, after, last);
    for (const { entry, hash } of page) {
      while (checkpoints[0] !== undefined && checkpoints[0].sequence < entry.sequence)
        await verifier.checkpoint(checkpoints.shift()?.envelope);
      verifier.entry(entry, hash);
    }
    for (const { envelope } of checkpoints) await verifier.checkpoint(envelope);
    after = last;
  }
  const [beyond] = await readCheckpoints(db, end.sequence, Number.MAX_SAFE_INTEGER);
  if (beyond !== undefined && (await headOf(db)).sequence < beyond.sequence)
    await verifier.checkpoint(beyond.envelope);
  return verifier.finish(end);
}

/** The last entry, as the row says that all who append stand in line at. */
export async function headOf(db: Database): Promise<AuditPlace> {
  return await db
    .selectFrom('audit_head')
    .select(['sequence', 'hash'])
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
}
