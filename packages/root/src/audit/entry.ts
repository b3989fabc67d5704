import { createHash } from 'node:crypto';
import { jcs, sha256 } from '@xylem/core';

/** An entry as docs/spec/audit.md has it. */
export interface AuditDocument {
  readonly format: 'xylem-audit-1';
  readonly sequence: number;
  /** Hash of the entry before; of the first, the empty text. */
  readonly previous: string;
  readonly time: string;
  readonly who: string;
  readonly from: string | null;
  readonly what: string;
  readonly on: string;
  readonly environment: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** An entry of the first version: `before` and `after` are the very texts that were hashed. */
export interface OldAuditDocument {
  readonly format: 'xylem-audit-0';
  readonly sequence: number;
  readonly previous: string;
  readonly timeMs: number;
  readonly who: string;
  readonly what: string;
  readonly on: string;
  readonly before: string;
  readonly after: string;
}

export type AnyAuditDocument = AuditDocument | OldAuditDocument;

/** The hash that the next entry names. Only of what `parseAuditEntry` took. */
export function auditHash(document: AnyAuditDocument): string {
  if (document.format === 'xylem-audit-1') return sha256(jcs(document));
  const { previous, timeMs, who, what, on, before, after } = document;
  return createHash('sha256')
    .update(JSON.stringify([previous, timeMs, who, what, on, before, after]))
    .digest('hex');
}

const texts = {
  'xylem-audit-0': ['previous', 'who', 'what', 'on', 'before', 'after'],
  'xylem-audit-1': ['previous', 'time', 'who', 'what', 'on'],
} as const;

/** What is needed to hash and link an entry; null for anything else. All other keys count into the hash as they are. */
export function parseAuditEntry(value: unknown): AnyAuditDocument | null {
  if (typeof value !== 'object' || value === null) return null;
  const entry = value as Readonly<Record<string, unknown>>;
  if (entry['format'] !== 'xylem-audit-0' && entry['format'] !== 'xylem-audit-1') return null;
  if (!Number.isSafeInteger(entry['sequence'])) return null;
  if (texts[entry['format']].some((key) => typeof entry[key] !== 'string')) return null;
  return entry as unknown as AnyAuditDocument;
}
