import { XylemError } from '@xylem/core';
import type { Api } from '../api/client.ts';
import { auditPages } from '../commands/audit/shared.ts';
import type { Digests } from './replay.ts';

/** What the audit log says of records, by the entry that names the last of them at that time. */
export type Audited =
  | { readonly kind: 'same' | 'unnamed'; readonly entries: readonly number[] }
  | { readonly kind: 'differs'; readonly difference: string }
  | { readonly kind: 'unread'; readonly why: string };

/** Which records an entry names, as its `after` says it: `records` and `evidence`, in one of these. */
type Named = (what: string, after: Readonly<Record<string, unknown>>) => readonly NamedRecords[];
interface NamedRecords {
  readonly records: unknown;
  readonly evidence: unknown;
  readonly of: Digests | null;
}

/**
 * Compares records with what the audit log says of them, which its signed checkpoints cover, where one may read that.
 * @param on `deployment/<id>`
 */
export async function comparedWithAudit(server: Api, on: string, named: Named): Promise<Audited> {
  const entries: number[] = [];
  try {
    for await (const page of auditPages(server, { on }))
      for (const { entry } of page.entries) {
        const { sequence, what, after } = entry as Readonly<Record<string, unknown>>;
        for (const { records, evidence, of } of named(String(what), objectOf(after))) {
          if (of === null || typeof evidence !== 'string') continue;
          const found = of.get(Number(records)) ?? null;
          if (found !== evidence)
            return { kind: 'differs', difference: differenceOf(sequence, records, evidence, found) };
          entries.push(Number(sequence));
        }
      }
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_FORBIDDEN')
      return { kind: 'unread', why: error.message };
    throw error;
  }
  return { kind: entries.length === 0 ? 'unnamed' : 'same', entries };
}

export function auditedText(audited: Audited): string {
  switch (audited.kind) {
    case 'same':
      return `The audit log names the same digests (${entriesText(audited.entries)}).`;
    case 'unnamed':
      return 'Not compared with the audit log: it names no digest of them, or not in entries that you may read.';
    case 'unread':
      return `Not compared with the audit log: ${audited.why}`;
    case 'differs':
      return `It differs. ${audited.difference}`;
  }
}

/** A plan has one for each of its environments. */
const mostNamed = 5;

function entriesText(entries: readonly number[]): string {
  const named = entries.slice(0, mostNamed).map((one) => `entry ${one}`);
  const more = entries.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function differenceOf(sequence: unknown, records: unknown, evidence: string, found: string | null): string {
  const is = found === null ? 'is not there' : `has the digest ${found}`;
  return `Entry ${String(sequence)} of the audit log says that record ${String(records)} has the digest ${evidence}, and it ${is}.`;
}

export const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
