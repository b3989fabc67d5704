import {
  type AfterEvidence,
  type AfterWatch,
  afterWatchRecord,
  type Digest,
  isToRecord,
  type LookedAfter,
  noWatchRecorded,
  type RecordedWatch,
  watchRecordText,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type LastRecord, lastRecord, leftBy } from './records.ts';

/** One look at a deployment that had succeeded. */
interface Look {
  readonly watch: AfterWatch;
  readonly evidence: AfterEvidence;
  readonly nowMs: number;
  readonly said: LookedAfter;
}

/** Writes down by what was decided while deployments were looked after. What is kept in memory can be read again. */
export class WatchRecords {
  readonly #known = new Map<string, RecordedWatch>();

  /**
   * Appends a record where the look decided something, in the transaction of what follows from it.
   * @returns what there is of them after it; null: nothing was appended
   */
  async append(
    trx: Database,
    deployment: string,
    { watch, evidence, nowMs, said }: Look,
  ): Promise<LastRecord | null> {
    if (!isToRecord(watch, said)) return null;
    const recorded = await this.#recorded(trx, deployment);
    const document = watchRecordText(recorded, watch, evidence, nowMs, said);
    const after = afterWatchRecord(recorded, document);
    const { number } = after;
    const digest = after.digest as Digest;
    await trx.insertInto('watch_evidence').values({ deployment, number, digest, document }).execute();
    if (after.state === 'watching') this.#known.set(deployment, after);
    else this.#known.delete(deployment);
    return { number, digest };
  }

  /** Also where another replica, or a transaction that came to nothing, was the last to write. */
  async #recorded(trx: Database, deployment: string): Promise<RecordedWatch> {
    const last = await lastRecord(trx, 'watch_evidence', deployment);
    const known = this.#known.get(deployment);
    if (known !== undefined && known.digest === last?.digest) return known;
    const decided = await lastRecord(trx, 'deployment_evidence', deployment);
    const nothing = noWatchRecorded(decided?.digest ?? null);
    return await leftBy(trx, 'watch_evidence', deployment, nothing, afterWatchRecord);
  }
}
