import {
  type AdvancePolicy,
  afterRecord,
  type Deployment,
  type Digest,
  type EvidenceRecord,
  type HostEvidence,
  nothingRecorded,
  type Recorded,
  recordOf,
  recordText,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** So many records at once, and no more after so many bytes: one of them may be as large as an environment. */
export const pageRecords = 50;
const pageBytes = 4 * 1024 * 1024;

export interface RecordPage {
  readonly records: readonly {
    readonly number: number;
    readonly digest: string;
    readonly document: string;
  }[];
  readonly hasMore: boolean;
}

/** By what a deployment was decided, and by what it was looked after. */
type Chain = 'deployment_evidence' | 'watch_evidence';

/** Records after a number, oldest first. @param upTo what is appended meanwhile is for another time; absent: all */
export async function recordsAfter(
  db: Database,
  chain: Chain,
  deployment: string,
  { after, upTo = Number.MAX_SAFE_INTEGER }: { readonly after: number; readonly upTo?: number },
): Promise<RecordPage> {
  const sizes = await db
    .selectFrom(chain)
    .select(['number', (e) => e.fn<number>('length', ['document']).as('bytes')])
    .where('deployment', '=', deployment)
    .where('number', '>', after)
    .where('number', '<=', upTo)
    .orderBy('number')
    .limit(pageRecords + 1)
    .execute();
  const { last, hasMore } = pageOf(sizes, after);
  const records = await db
    .selectFrom(chain)
    .select(['number', 'digest', 'document'])
    .where('deployment', '=', deployment)
    .where('number', '>', after)
    .where('number', '<=', last)
    .orderBy('number')
    .execute();
  return { records, hasMore };
}

export interface LastRecord {
  readonly number: number;
  readonly digest: Digest;
}

/** The last record there is; null: none. */
export async function lastRecord(db: Database, chain: Chain, deployment: string): Promise<LastRecord | null> {
  const row = await db
    .selectFrom(chain)
    .select(['number', 'digest'])
    .where('deployment', '=', deployment)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { number: row.number, digest: row.digest as Digest };
}

/**
 * How far a page of records goes.
 * @param sizes of those after the last page, one more than a page has
 */
export function pageOf(
  sizes: readonly { readonly number: number; readonly bytes: number | string }[],
  after: number,
): { readonly last: number; readonly hasMore: boolean } {
  let bytes = 0;
  let last = after;
  let taken = 0;
  for (const one of sizes.slice(0, pageRecords)) {
    bytes += Number(one.bytes);
    if (taken > 0 && bytes > pageBytes) break;
    taken += 1;
    last = one.number;
  }
  return { last, hasMore: taken < sizes.length };
}

/** Writes down by which evidence it was decided. What was known at the last record is kept in memory and can be read again. */
export class Records {
  readonly #known = new Map<string, Recorded>();

  /**
   * Appends a record in the transaction of its decisions.
   * @returns its digest, and what is to be done once that is committed
   */
  async append(
    trx: Database,
    deployment: Deployment,
    evidence: readonly HostEvidence[],
    now: number,
    policy: AdvancePolicy,
    said: EvidenceRecord['said'],
    known: Pick<EvidenceRecord, 'figures' | 'traffic'>,
  ): Promise<{ readonly digest: Digest | null; readonly committed: () => void }> {
    const recorded = await this.#recorded(trx, deployment);
    const record = recordOf(recorded, deployment, evidence, now, policy, said, known);
    const after = afterRecord(recorded, record);
    await trx
      .insertInto('deployment_evidence')
      .values({
        deployment: deployment.id,
        number: record.number,
        digest: after.digest ?? '',
        document: recordText(record),
      })
      .execute();
    return {
      digest: after.digest,
      committed: () => {
        const hasEnded = said.decisions.some(({ kind }) => kind === 'end');
        if (hasEnded) this.#known.delete(deployment.id);
        else this.#known.set(deployment.id, after);
      },
    };
  }

  async #recorded(trx: Database, { id, decided = 0 }: Deployment): Promise<Recorded> {
    const known = this.#known.get(id);
    // Another replica may have decided since.
    if (known?.number === decided) return known;
    return await leftBy(trx, 'deployment_evidence', id, nothingRecorded, (before, document) =>
      afterRecord(before, JSON.parse(document) as EvidenceRecord),
    );
  }
}

/** What all records of a chain leave behind. */
export async function leftBy<After extends { readonly number: number }>(
  db: Database,
  chain: Chain,
  deployment: string,
  nothing: After,
  next: (before: After, document: string) => After,
): Promise<After> {
  let left = nothing;
  for (let hasMore = true; hasMore; ) {
    const page = await recordsAfter(db, chain, deployment, { after: left.number });
    for (const { document } of page.records) left = next(left, document);
    hasMore = page.hasMore;
  }
  return left;
}
