import {
  afterRingRecord,
  type Digest,
  noRingRecorded,
  type RecordedRing,
  type RingState,
  ringRecordText,
  waivedRing,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { recordNamed } from '../deployments/audit-end.ts';
import { pageOf, pageRecords, type RecordPage } from '../deployments/records.ts';
import type { LookedRing } from './ring.ts';
import type { KnownPlan } from './rows.ts';

/** What rings were judged by, as their last records left it: kept in memory, and can be read again. */
export type RingRecords = Map<string, RecordedRing>;

/**
 * Keeps what a look found, and by what; nothing where it found nothing new. In a transaction that holds the plan's lock.
 * @param by `decided`: the plan asks or stops by it now
 */
export async function saveRing(
  trx: Database,
  records: RingRecords,
  stage: number,
  { plan, look, given }: LookedRing,
  by: 'seen' | 'decided',
): Promise<void> {
  const decides = by === 'decided' && (look.outcome === 'ask' || look.outcome === 'fail');
  if (look.state === given.state && !decides) return;
  const recorded = await recordedRing(trx, records, plan, stage);
  const document = ringRecordText(recorded, given, look);
  const after = afterRingRecord(recorded, document);
  const digest = after.digest as Digest;
  await trx
    .insertInto('plan_evidence')
    .values({ plan, stage, number: after.number, digest, document })
    .execute();
  await saveState(trx, plan, stage, look.state);
  for (const [watched, marks] of Map.groupBy(look.marks, (mark) => mark.watched)) {
    await trx
      .updateTable('plan_ring_environments')
      .set({ watched })
      .where('plan', '=', plan)
      .where(
        'environment',
        'in',
        marks.map(({ environment }) => environment),
      )
      .execute();
  }
  records.set(`${plan}/${stage}`, after);
}

/** A person says that a ring passes with what there is. */
export async function waiveRing(
  trx: Database,
  stage: number,
  { plan, given }: Pick<LookedRing, 'plan' | 'given'>,
): Promise<void> {
  await saveState(trx, plan, stage, waivedRing(given.state));
}

async function saveState(trx: Database, plan: string, stage: number, state: RingState): Promise<void> {
  const text = JSON.stringify(state);
  await trx
    .insertInto('plan_rings')
    .values({ plan, stage, state: text })
    .onConflict((c) => c.columns(['plan', 'stage']).doUpdateSet({ state: text }))
    .execute();
}

/** Also where another replica, or a transaction that came to nothing, was the last to write. */
async function recordedRing(
  trx: Database,
  records: RingRecords,
  plan: string,
  stage: number,
): Promise<RecordedRing> {
  const of = () => trx.selectFrom('plan_evidence').where('plan', '=', plan).where('stage', '=', stage);
  const last = await of().select('digest').orderBy('number', 'desc').limit(1).executeTakeFirst();
  const known = records.get(`${plan}/${stage}`);
  if (known !== undefined && known.digest === (last?.digest ?? null)) return known;
  let recorded = noRingRecorded;
  for (const { document } of await of().select('document').orderBy('number').execute())
    recorded = afterRingRecord(recorded, document);
  return recorded;
}

/** The last records by which a plan's rings were judged, by the names of their stages, as the audit log names them. */
export async function ringsNamed(
  db: Database,
  { row, version }: KnownPlan,
): Promise<{ readonly rings?: Readonly<Record<string, ReturnType<typeof recordNamed>>> }> {
  const last = await db
    .selectFrom('plan_evidence')
    .select(['stage', (e) => e.fn.max('number').as('number')])
    .where('plan', '=', row.id)
    .groupBy('stage')
    .orderBy('stage')
    .execute();
  const rings: [string, ReturnType<typeof recordNamed>][] = [];
  for (const { stage, number } of last) {
    const { digest } = await db
      .selectFrom('plan_evidence')
      .select('digest')
      .where('plan', '=', row.id)
      .where('stage', '=', stage)
      .where('number', '=', number)
      .executeTakeFirstOrThrow();
    const { name } = version.document.stages[stage] ?? { name: `${stage}` };
    rings.push([name, recordNamed({ number, digest: digest as Digest })]);
  }
  return rings.length === 0 ? {} : { rings: Object.fromEntries(rings) };
}

/** By what the ring of a stage was judged: records after a number, oldest first, and where it stands now, JSON. */
export async function ringRecordsAfter(
  db: Database,
  plan: string,
  stage: number,
  after: number,
): Promise<RecordPage & { readonly state: string | null }> {
  const of = () =>
    db
      .selectFrom('plan_evidence')
      .where('plan', '=', plan)
      .where('stage', '=', stage)
      .where('number', '>', after)
      .orderBy('number');
  const sizes = await of()
    .select(['number', (e) => e.fn<number>('length', ['document']).as('bytes')])
    .limit(pageRecords + 1)
    .execute();
  const { last, hasMore } = pageOf(sizes, after);
  const records = await of().select(['number', 'digest', 'document']).where('number', '<=', last).execute();
  const ring = await db
    .selectFrom('plan_rings')
    .select('state')
    .where('plan', '=', plan)
    .where('stage', '=', stage)
    .executeTakeFirst();
  return { records, hasMore, state: ring?.state ?? null };
}
