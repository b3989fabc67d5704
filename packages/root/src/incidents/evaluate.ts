import { afterSigns, belongsTo, causeOf, type Incident, isOver, quietMs, timesOf } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import type { RestoredState } from '../backup/restored-state.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { columnsOf, type IncidentRow, incidentOf, incidentsLock, type SignRow } from './rows.ts';
import { sentenceOf, tell } from './tell.ts';

export interface EvaluationParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly restored: Pick<RestoredState, 'isRestored'>;
}

/** Signs in one transaction: nobody who writes signs waits long. */
const atOnce = 500;

/**
 * Takes in what was noted since the last look, and closes what evidence has ended. All that it goes by lies in the
 * database: what a crash leaves undone the next look does. Nothing is decided while a restore is not confirmed.
 */
export async function evaluateIncidents(parts: EvaluationParts): Promise<void> {
  while (!parts.restored.isRestored() && (await takeIn(parts)) === atOnce);
  if (!parts.restored.isRestored()) await closeOver(parts);
}

/** @returns how many signs were taken in */
async function takeIn({ db, clock, randomness }: EvaluationParts): Promise<number> {
  const some = await db.selectFrom('incident_signs').select('key').where('dirty', '=', 1).limit(1).execute();
  if (some.length === 0) return 0;
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, incidentsLock);
    await lockFor(trx, 'incident-signs');
    const dirty = await trx
      .selectFrom('incident_signs')
      .selectAll()
      .where('dirty', '=', 1)
      .limit(atOnce)
      .execute();
    const nowMs = clock.now();
    const causes = Map.groupBy(dirty, ({ environment, key }) => JSON.stringify([environment, key]));
    for (const signs of causes.values()) {
      const [first] = signs;
      if (first !== undefined) await takeInCause(trx, first, signs, nowMs, randomness);
    }
    return dirty.length;
  });
}

async function takeInCause(
  trx: Database,
  { environment, key }: SignRow,
  signs: readonly SignRow[],
  nowMs: number,
  randomness: Randomness,
): Promise<void> {
  const fresh = signs.filter(({ incident }) => incident === null);
  // What is over was counted by whom it belongs to; that need not be the newest, if a person closed it.
  const counted = Map.groupBy(
    signs.filter(({ incident, cleared_ms: cleared }) => incident !== null && cleared !== null),
    ({ incident }) => incident ?? '',
  );
  if (fresh.length > 0) {
    const newest = await trx
      .selectFrom('incidents')
      .selectAll()
      .where('environment', '=', environment)
      .where('key', '=', key)
      .orderBy('detected_ms', 'desc')
      .limit(1)
      .executeTakeFirst();
    const isSame =
      newest !== undefined && belongsTo(incidentOf(newest), nowMs) === 'same' ? newest : undefined;
    const id = isSame?.id ?? `i-${randomness.bytes(6).toString('hex')}`;
    const over = counted.get(id) ?? [];
    counted.delete(id);
    const cause = { id, environment, key };
    await change(trx, isSame ?? null, cause, fresh, [...over, ...fresh.filter(isCleared)], nowMs);
  }
  for (const [id, over] of counted) {
    const row = await trx.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
    if (row !== undefined) await change(trx, row, row, [], over, nowMs);
  }
  await settleSigns(trx, signs);
}

const isCleared = ({ cleared_ms: cleared }: SignRow): boolean => cleared !== null;

/** What was taken in stands, or goes when it is over. */
async function settleSigns(trx: Database, signs: readonly SignRow[]): Promise<void> {
  const [first] = signs;
  if (first === undefined) return;
  const { environment, key } = first;
  const subjects = signs.map(({ subject }) => subject);
  await trx
    .deleteFrom('incident_signs')
    .where('environment', '=', environment)
    .where('key', '=', key)
    .where('subject', 'in', subjects)
    .where('cleared_ms', 'is not', null)
    .execute();
  await trx
    .updateTable('incident_signs')
    .set({ dirty: 0 })
    .where('environment', '=', environment)
    .where('key', '=', key)
    .where('subject', 'in', subjects)
    .execute();
}

async function change(
  trx: Database,
  before: IncidentRow | null,
  { id, environment, key }: Pick<IncidentRow, 'id' | 'environment' | 'key'>,
  appeared: readonly SignRow[],
  over: readonly SignRow[],
  nowMs: number,
): Promise<void> {
  const newSubjects = await noteSubjects(trx, id, appeared, over);
  const { incident, tellings } = afterSigns(
    before === null ? null : incidentOf(before),
    {
      appearedMs: appeared.map(({ since_ms: ms }) => ms),
      newSubjects,
      clearedMs: over.map(({ cleared_ms: ms }) => ms ?? nowMs),
    },
    nowMs,
  );
  const row: IncidentRow =
    before === null
      ? await opened(trx, { id, environment, key }, incident)
      : { ...before, ...columnsOf(incident) };
  if (before === null) await trx.insertInto('incidents').values(row).execute();
  else await trx.updateTable('incidents').set(columnsOf(incident)).where('id', '=', id).execute();
  for (const telling of tellings) {
    if (telling === 'closed') continue;
    await tell(trx, row, { kind: telling, who: null, message: sentenceOf(telling, row) }, nowMs);
  }
}

async function opened(
  trx: Database,
  { id, environment, key }: Pick<IncidentRow, 'id' | 'environment' | 'key'>,
  incident: Incident,
): Promise<IncidentRow> {
  const { kind, product, package: digest, title } = causeOf(key);
  const known =
    digest === null
      ? undefined
      : await trx.selectFrom('packages').select('version').where('package', '=', digest).executeTakeFirst();
  return {
    id,
    environment,
    key,
    kind,
    product,
    title: title(known?.version ?? null),
    ...columnsOf(incident),
    close_reason: null,
    acknowledged_ms: null,
    acknowledged_by: null,
    assigned_to: null,
  };
}

/** @returns how many never showed it before */
async function noteSubjects(
  trx: Database,
  incident: string,
  appeared: readonly SignRow[],
  over: readonly SignRow[],
): Promise<number> {
  let newSubjects = 0;
  if (appeared.length > 0) {
    const subjects = appeared.map(({ subject }) => subject);
    const known = await trx
      .selectFrom('incident_subjects')
      .select('subject')
      .where('incident', '=', incident)
      .where('subject', 'in', subjects)
      .execute();
    newSubjects = subjects.length - known.length;
    const values = appeared.map(({ subject, host, message, since_ms }) => ({
      incident,
      subject,
      host,
      message,
      since_ms,
      cleared_ms: null,
    }));
    await trx
      .insertInto('incident_subjects')
      .values(values)
      .onConflict((c) =>
        c.columns(['incident', 'subject']).doUpdateSet((e) => ({
          message: e.ref('excluded.message'),
          cleared_ms: null,
        })),
      )
      .execute();
    await trx
      .updateTable('incident_signs')
      .set({ incident })
      .where('environment', '=', appeared[0]?.environment ?? '')
      .where('key', '=', appeared[0]?.key ?? '')
      .where('subject', 'in', subjects)
      .execute();
  }
  for (const [ms, signs] of Map.groupBy(over, ({ cleared_ms: cleared }) => cleared)) {
    await trx
      .updateTable('incident_subjects')
      .set({ cleared_ms: ms })
      .where('incident', '=', incident)
      .where(
        'subject',
        'in',
        signs.map(({ subject }) => subject),
      )
      .execute();
  }
  return newSubjects;
}

/** Those of which nothing was seen for long enough. */
async function closeOver({ db, clock }: EvaluationParts): Promise<void> {
  const candidates = await db
    .selectFrom('incidents')
    .selectAll()
    .where('state', '=', 'open')
    .where('recovered_ms', 'is not', null)
    .execute();
  for (const { id } of candidates.filter((row) => isOver(incidentOf(row), clock.now()))) {
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, incidentsLock);
      const row = await trx.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
      const nowMs = clock.now();
      if (row === undefined || !isOver(incidentOf(row), nowMs)) return;
      const incident: Incident = { ...incidentOf(row), state: 'closed', closedMs: nowMs };
      await trx.updateTable('incidents').set(columnsOf(incident)).where('id', '=', id).execute();
      const minutes = Math.round(quietMs(incident) / 60_000);
      const { toRecover } = timesOf(incident);
      const message = `${row.title} Closed by evidence: nothing was seen of it for ${minutes} minutes; recovered after ${toRecover ?? 0} s.`;
      await tell(trx, { ...row, ...columnsOf(incident) }, { kind: 'closed', who: null, message }, nowMs);
    });
  }
}
