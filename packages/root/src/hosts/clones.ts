import { isDeepStrictEqual } from 'node:util';
import type { Report } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import type { Clone } from './host-rows.ts';
import { newestReport } from './kept-report.ts';

/** From which sequence on a boot of a host reported, within one incarnation. */
export interface BootStart {
  readonly boot: string;
  readonly first: number;
}

/** What a report says about the boots of its incarnation. */
export type BootVerdict =
  | { readonly kind: 'known' }
  /** One machine started again, or its first reports come late. */
  | { readonly kind: 'starts'; readonly first: number }
  /** Another copy of the state folder used the sequences around this one. */
  | { readonly kind: 'copy'; readonly other: string };

/**
 * One machine's numbers rise, so each of its boots has sequences of its own. A report among those of
 * another boot comes from a second machine (docs/spec/identity.md, Copies of a host). Pure.
 * @param highest the highest sequence that was taken of this incarnation before
 */
export function judgeBoot(
  starts: readonly BootStart[],
  report: BootStart & { readonly sequence: number },
  highest: number,
): BootVerdict {
  const { boot, sequence } = report;
  const own = starts.find((start) => start.boot === boot);
  const others = starts.filter((start) => start.boot !== boot);
  if (own !== undefined) {
    const between = others.find(({ first }) => first > own.first && first <= sequence);
    if (between !== undefined) return { kind: 'copy', other: between.boot };
    return sequence < own.first ? { kind: 'starts', first: sequence } : { kind: 'known' };
  }
  if (sequence > highest) return { kind: 'starts', first: sequence };
  // Late, and of a boot of which nothing came before: right if another one began after it.
  const later = others.some(({ first }) => first > sequence);
  const covering = others.filter(({ first }) => first <= sequence).sort((a, b) => b.first - a.first)[0];
  if (later || covering === undefined) return { kind: 'known' };
  return { kind: 'copy', other: covering.boot };
}

const mostBoots = 64;

/** The boots of these hosts, by host and incarnation as `bootKey` writes them. */
export async function bootsOf(trx: Database, hosts: readonly string[]): Promise<Map<string, BootStart[]>> {
  const rows = await trx.selectFrom('host_boots').selectAll().where('host', 'in', hosts).execute();
  const starts = new Map<string, BootStart[]>();
  for (const row of rows) {
    const list = starts.get(bootKey(row)) ?? [];
    list.push({ boot: row.boot, first: row.first_sequence });
    starts.set(bootKey(row), list);
  }
  return starts;
}

export const bootKey = ({
  host,
  incarnation,
}: {
  readonly host: string;
  readonly incarnation: string;
}): string => `${host} ${incarnation}`;

/**
 * Notes the boot of a report that is being taken, and what it shows.
 * @param starts of its incarnation; what is noted is added
 * @returns what was seen of a copy, or null
 */
export async function noteBoot(
  trx: Database,
  report: Report,
  starts: BootStart[],
  highest: number,
  nowMs: number,
): Promise<string | null> {
  const { host, incarnation, sequence } = report;
  const { boot } = report.facts;
  if (boot === undefined) return null;
  const verdict = judgeBoot(starts, { boot, first: sequence, sequence }, highest);
  if (verdict.kind === 'copy') {
    return `Report ${sequence}, through ${through(report)}, is by another machine than those around it.`;
  }
  if (verdict.kind === 'known') return null;
  const first_sequence = verdict.first;
  const own = starts.findIndex((start) => start.boot === boot);
  if (own >= 0) starts.splice(own, 1);
  starts.push({ boot, first: first_sequence });
  await trx
    .insertInto('host_boots')
    .values({ host, incarnation, boot, first_sequence, first_ms: nowMs })
    .onConflict((c) => c.columns(['host', 'incarnation', 'boot']).doUpdateSet({ first_sequence }))
    .execute();
  if (starts.length <= mostBoots) return null;
  const oldest = Math.min(...starts.map((start) => start.first));
  await trx
    .deleteFrom('host_boots')
    .where('host', '=', host)
    .where('incarnation', '=', incarnation)
    .where('first_sequence', '=', oldest)
    .execute();
  return null;
}

/** Two reports with one number: an honest host never signs that. @returns what was seen, or null */
export async function sameNumberTwice(trx: Database, report: Report): Promise<string | null> {
  const held = await trx
    .selectFrom('reports as r')
    .innerJoin('host_states as s', 's.host', 'r.host')
    .select(['r.document', 's.moving'])
    .where('r.host', '=', report.host)
    .where('r.incarnation', '=', report.incarnation)
    .executeTakeFirst();
  if (held === undefined) return null;
  const kept = newestReport(held);
  if (kept.sequence !== report.sequence || isDeepStrictEqual(kept, report)) return null;
  const other = through(kept);
  return `Two different reports have the number ${report.sequence}: through ${other} and through ${through(report)}.`;
}

/** Marks a host of whose key two machines make use; the first sight of it stays. */
export async function markCloned(trx: Database, host: string, what: string, nowMs: number): Promise<void> {
  const cloned: Clone = { sinceMs: nowMs, what };
  const { numUpdatedRows } = await trx
    .updateTable('hosts')
    .set({ cloned: JSON.stringify(cloned) })
    .where('id', '=', host)
    .where('cloned', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return;
  const row = await trx.selectFrom('hosts').select('environment').where('id', '=', host).executeTakeFirst();
  await appendAudit(trx, nowMs, {
    who: 'root',
    what: 'host.cloned',
    subject: `host/${host}`,
    ...(row === undefined ? {} : { environment: row.environment }),
    after: { what },
  });
}

/** Those of incarnations that are not kept any more. */
export async function forgetOldBoots(trx: Database, host: string): Promise<void> {
  await trx
    .deleteFrom('host_boots')
    .where('host', '=', host)
    .where('incarnation', 'not in', (e) =>
      e.selectFrom('incarnations').select('incarnation').where('host', '=', host),
    )
    .execute();
}

/** After an operator has cleared it: what was seen until now counts no more. */
export async function forgetBoots(trx: Database, hosts: readonly string[]): Promise<void> {
  for (const host of hosts) await trx.deleteFrom('host_boots').where('host', '=', host).execute();
}

const through = ({ parent }: Report): string => parent.url ?? 'no parent';
