import { parseJson, XylemError } from '@xylem/core';
import { hostIdOf, openEnvelope } from '@xylem/trust';
import { type AnyAuditDocument, auditHash, parseAuditEntry } from './entry.ts';

/** What a checkpoint says. */
export interface AuditCheckpoint {
  readonly format: 'xylem-audit-checkpoint-1';
  readonly sequence: number;
  readonly hash: string;
  readonly time: string;
}

export const checkpointType = 'application/vnd.xylem.audit-checkpoint+json';

/** A place in the log that is known from elsewhere. */
export interface AuditPlace {
  readonly sequence: number;
  readonly hash: string;
}

export interface AuditVerdict {
  readonly entries: number;
  readonly checkpoints: number;
  /** The last entry; null for an empty log. */
  readonly last: AuditPlace | null;
  /** The last checkpoint that was verified. */
  readonly checkpoint: AuditCheckpoint | null;
}

export interface AuditVerifierOptions {
  /** The audit key's public half. */
  readonly key: Uint8Array;
  /** What must be in the log, known from an earlier verification. */
  readonly known?: readonly AuditPlace[];
  /** The log may end before what is known: an older export does. */
  readonly mayEndBefore?: boolean;
  /** A selection by a filter: entries are checked one by one, and nothing is said about what lies between. */
  readonly partial?: boolean;
}

/** Takes a log in its order. Every method throws E_AUDIT_BROKEN at the first fault, naming its sequence. */
export interface AuditVerifier {
  entry(document: unknown, hash: unknown): void;
  checkpoint(envelope: unknown): Promise<void>;
  /** The end of the log, which must be `end` where that is given. */
  finish(end?: AuditPlace): AuditVerdict;
}

/** docs/spec/audit.md, Verification. */
export function auditVerifier({
  key,
  known = [],
  mayEndBefore = false,
  partial = false,
}: AuditVerifierOptions): AuditVerifier {
  const knownHash = new Map(known.map(({ sequence, hash }) => [sequence, hash]));
  let entries = 0;
  let checkpoints = 0;
  let last: AuditPlace | null = null;
  let checkpoint: AuditCheckpoint | null = null;
  return {
    entry: (value, hash) => {
      const expected: number = (last?.sequence ?? 0) + 1;
      const document = parseAuditEntry(value);
      if (document === null) throw broken(expected, `What stands in the place of entry ${expected} is none.`);
      const { sequence, previous, format } = document;
      // A database's own numbers may leave some out; they still rise.
      const follows = format === 'xylem-audit-0' ? sequence >= expected : sequence === expected;
      if (partial ? sequence < expected : !follows) {
        throw broken(
          expected,
          `Entry ${expected} is missing: ${sequence} stands in its place. Entries were removed or reordered.`,
        );
      }
      if (hashOrNull(document) !== hash) throw broken(sequence, `Entry ${sequence} was changed.`);
      if (!partial && previous !== (last?.hash ?? '')) {
        throw broken(
          sequence,
          `Entry ${sequence} does not follow from the one before: one of the two was replaced or removed.`,
        );
      }
      const remembered = knownHash.get(sequence);
      if (remembered !== undefined && remembered !== hash) {
        throw broken(sequence, `Entry ${sequence} is not the one that was verified before.`);
      }
      entries += 1;
      last = { sequence, hash: hash as string };
    },
    checkpoint: async (envelope) => {
      const said = await openCheckpoint(envelope, key);
      if (said.sequence !== last?.sequence) {
        throw broken(
          Math.min(said.sequence, (last?.sequence ?? 0) + 1),
          `A checkpoint is of entry ${said.sequence}, but stands behind ${last?.sequence ?? 'none'}: entries are missing.`,
        );
      }
      if (said.hash !== last.hash) {
        throw broken(
          said.sequence,
          `The checkpoint of entry ${said.sequence} names another one: an entry after ${checkpoint?.sequence ?? 0} was rewritten.`,
        );
      }
      checkpoints += 1;
      checkpoint = said;
    },
    finish: (end) => {
      const reached = last?.sequence ?? 0;
      const furthest = Math.max(
        0,
        end?.sequence ?? 0,
        ...(partial || mayEndBefore ? [] : known.map((k) => k.sequence)),
      );
      if (reached < furthest) {
        throw broken(
          reached + 1,
          `The log ends at entry ${reached}; it had ${furthest}. Its end was cut off, or it comes from a backup.`,
        );
      }
      if (end !== undefined && (end.sequence !== reached || end.hash !== (last?.hash ?? ''))) {
        throw broken(reached, `The last entry, ${reached}, is not the one that its end names.`);
      }
      return { entries, checkpoints, last, checkpoint };
    },
  };
}

/** @throws XylemError E_AUDIT_BROKEN if it is not signed by the key or says nothing sensible */
export async function openCheckpoint(envelope: unknown, key: Uint8Array): Promise<AuditCheckpoint> {
  let said: Partial<AuditCheckpoint>;
  try {
    const id = hostIdOf(key);
    const opened = await openEnvelope(envelope as object, checkpointType, (keyid) =>
      keyid === id ? key : null,
    );
    said = parseJson(opened.payload, 'checkpoint', { maxBytes: 4096 }) as Partial<AuditCheckpoint>;
  } catch (cause) {
    throw new XylemError('E_AUDIT_BROKEN', 'A checkpoint is not signed by the audit key.', { cause });
  }
  const { format, sequence, hash, time } = said;
  if (
    format === 'xylem-audit-checkpoint-1' &&
    Number.isSafeInteger(sequence) &&
    typeof hash === 'string' &&
    typeof time === 'string'
  ) {
    return said as AuditCheckpoint;
  }
  throw new XylemError('E_AUDIT_BROKEN', 'A checkpoint says nothing that this program knows.');
}

/** Null for what no entry can hold: JCS refuses it. */
function hashOrNull(document: AnyAuditDocument): string | null {
  try {
    return auditHash(document);
  } catch {
    return null;
  }
}

function broken(sequence: number, message: string): XylemError {
  return new XylemError('E_AUDIT_BROKEN', message, { details: { sequence } });
}
