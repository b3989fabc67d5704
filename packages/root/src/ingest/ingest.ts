import {
  type Envelope,
  parseReport,
  type Report,
  reportPayloadType,
  type Taken,
  timeOf,
  XylemError,
} from '@xylem/core';
import { type Clock, type Log, unhurried } from '@xylem/platform';
import { answerToReports, type KeyPair, openEnvelope, signWatermark } from '@xylem/trust';
import type { Stranger, Strangers } from '../backup/strangers.ts';
import { inStatements } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import type { SaidStates } from '../hosts/said-states.ts';
import { hostCame } from '../moves/came.ts';
import { type Senders, sendersOf } from './senders.ts';
import { type Mark, takeReports } from './take-reports.ts';

export interface Ingest {
  /**
   * Verifies and stores reports; when it returns they are on the disk. Those that don't verify are left out and
   * logged: one bad report must not hold up those that a relay sends with it.
   * @param readsProofs whether one signature for all of them will do
   */
  take(envelopes: readonly Envelope[], readsProofs: boolean): Promise<Taken>;
  /** The newest watermark of a host, or null if it never reported. */
  watermark(host: string): Promise<object | null>;
  /** Reports since the start; `changed`: with another state of their host. */
  readonly counts: { readonly taken: number; readonly changed: number; readonly refused: number };
}

export interface IngestOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly collector: KeyPair;
  /** Hosts whose state changed; called after the commit. */
  readonly onChanged: (reports: readonly Report[]) => void;
  /** A host has come to its new environment, from this one. */
  readonly onMoved: (from: string) => Promise<void>;
  /** Someone signs who is not registered: a host that joined after the backup was taken, or an impostor. */
  readonly strangers: Strangers;
  readonly states: SaidStates;
  /** What was ordered of hosts may have been forgotten. */
  readonly isRestored: () => boolean;
}

interface Waiting {
  readonly reports: readonly Report[];
  readonly done: PromiseWithResolvers<Mark[]>;
}

const maxBatch = 500;
/** Reports that are verified without letting anyone else in: some milliseconds. */
const verifiedAtOnce = 64;

export function createIngest(options: IngestOptions): Ingest {
  const { db, clock, log, collector } = options;
  const line: Waiting[] = [];
  /** As they came, for what is kept of them to be shown to others. */
  const envelopes = new WeakMap<Report, object>();
  let isWriting = false;
  const counts = { taken: 0, changed: 0, refused: 0 };

  /** One transaction at a time; all that arrived while it was written go into the next: many to one fsync. */
  async function write(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    try {
      while (line.length > 0) {
        const taken: Waiting[] = [];
        for (
          let count = 0;
          line[0] !== undefined && (count === 0 || count + line[0].reports.length <= maxBatch);
        ) {
          const next = line.shift() as Waiting;
          taken.push(next);
          count += next.reports.length;
        }
        await writeOne(taken);
      }
    } finally {
      isWriting = false;
    }
  }

  async function writeOne(taken: readonly Waiting[]): Promise<void> {
    try {
      const all = taken.flatMap(({ reports }) => reports);
      const { marks, changed } = await takeReports(db, all, clock.now(), {
        envelopeOf: (report) => envelopes.get(report) ?? {},
        isRestored: options.isRestored(),
        states: options.states,
      });
      let at = 0;
      for (const { reports, done } of taken) {
        done.resolve(marks.slice(at, at + reports.length));
        at += reports.length;
      }
      counts.taken += all.length;
      counts.changed += changed.length;
      if (changed.length > 0) options.onChanged(changed);
    } catch (cause) {
      log.error('reports could not be stored', { error: cause });
      const fault = new XylemError('E_STORAGE', 'The reports could not be stored. Send them again.', {
        cause,
      });
      for (const { done } of taken) done.reject(fault);
    }
  }

  const collecting = () => ({ collector, time: timeOf(clock.now()) });

  return {
    counts,
    take: async (given, readsProofs) => {
      const verified: (Report | null)[] = [];
      for await (const some of unhurried(inStatements(given, verifiedAtOnce)))
        verified.push(...(await verifiedOf(some)));
      const reports = verified.filter((report) => report !== null);
      const parts: Promise<Mark[]>[] = [];
      for (let at = 0; at < reports.length; at += maxBatch) {
        const done = Promise.withResolvers<Mark[]>();
        line.push({ reports: reports.slice(at, at + maxBatch), done });
        parts.push(done.promise);
      }
      void write();
      const marks = (await Promise.all(parts)).flat();
      const held = new Map(reports.map((report, at) => [report, marks[at]?.sequence ?? 0]));
      const taken = verified.map((report) => {
        if (report === null) return null;
        const { host, incarnation, sequence } = report;
        return { host, incarnation, sequence, held: held.get(report) ?? 0 };
      });
      return answerToReports(taken, { ...collecting(), readsProofs });
    },
    watermark: async (host) => {
      const row = await db
        .selectFrom('incarnations')
        .selectAll()
        .where('host', '=', host)
        .orderBy('rank', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined
        ? null
        : signWatermark({ ...row, host: row.host as Report['host'] }, collecting());
    },
  };

  /** Null for what was refused. */
  async function verifiedOf(some: readonly Envelope[]): Promise<(Report | null)[]> {
    const ids = some.flatMap(({ signatures }) => signatures.flatMap(({ keyid }) => keyid ?? []));
    const senders = await sendersOf(db, ids);
    const reports: (Report | null)[] = [];
    for (const envelope of some) {
      try {
        const report = await verified(envelope, senders);
        if (report.jobs !== undefined) envelopes.set(report, envelope);
        reports.push(report);
      } catch (error) {
        if (!(error instanceof XylemError)) throw error;
        counts.refused += 1;
        reports.push(null);
        log.warn('a report was refused', { error });
      }
    }
    return reports;
  }

  /** Signed by the registered key of the host that it speaks of, and of the environment that the host is in. */
  async function verified(envelope: Envelope, senders: Senders): Promise<Report> {
    let environment = '';
    let movingFrom: string | null = null;
    const strange: Stranger[] = [];
    const { payload, keyId } = await openEnvelope(envelope, reportPayloadType, async (host) => {
      const row = await senders.get(host);
      if (row === undefined) {
        const stranger = await options.strangers.know(host, envelope);
        if (stranger === null) return null;
        strange.push(stranger);
        environment = stranger.environment;
        return Buffer.from(stranger.key, 'base64url');
      }
      if (row.revoked_ms !== null) throw new XylemError('E_HOST_REVOKED', `The host ${host} was revoked.`);
      environment = row.environment;
      movingFrom = row.moving_from;
      return Buffer.from(row.key, 'base64url');
    });
    const report = parseReport(payload);
    if (report.host !== keyId)
      throw new XylemError('E_REPORT_INVALID', `${keyId} signed a report of ${report.host}.`);
    if (report.environment === environment && movingFrom !== null) {
      await hostCame(db, keyId, movingFrom, clock.now());
      senders.forget(keyId);
      await options.onMoved(movingFrom);
    }
    if (report.environment !== environment && report.environment !== movingFrom) {
      throw new XylemError('E_REPORT_INVALID', `${keyId} reports for an environment that it is not in.`);
    }
    const stranger = strange.find((one) => one.host === keyId);
    if (stranger !== undefined) await options.strangers.take(stranger);
    // It is needed to know a stranger by, and would be most of what is kept of an idle host.
    const { certificate: _, ...kept } = report;
    return kept;
  }
}
