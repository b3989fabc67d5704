import { encodeReportBatch, limits, type Taken, XylemError } from '@xylem/core';
import type { Clock, HttpClient, Log, Randomness } from '@xylem/platform';
import type { RelayTiming } from '../options.ts';
import { Awaited, type Due } from './awaited.ts';
import type { SpooledReport } from './fold.ts';
import { Looks } from './looks.ts';
import { postUp } from './post-up.ts';
import type { Spool } from './spool.ts';

/** Encoded reports in one request; well below the limit, so that one lost request costs little. */
const batchBytes = 4 * 1024 * 1024;
const batchReports = 5_000;
/** A batch that is held up is over long before relays end requests for their length. */
const batchSeconds = 60;
/** So many that have come don't wait for others. */
const enoughReports = 1_000;

export interface ForwarderOptions {
  readonly spool: Spool;
  readonly http: HttpClient;
  readonly parents: () => readonly string[];
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly timing: RelayTiming;
  readonly signal: AbortSignal;
  /** Bytes per second that the link may carry upwards at present; null: as much as goes. */
  readonly upNow: () => number | null;
  readonly onFault: (error: unknown) => void;
  readonly onTaken: () => void;
}

/** Sends what is spooled upwards in batches, looks for its watermarks, and sends again what none comes to cover. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #awaited: Awaited;
  readonly #looks: Looks;
  /** Parents that did not answer when they were last sent something. */
  readonly #silent = new Set<string>();
  #wake: () => void = () => undefined;
  #failures = 0;
  /** Since the last batch was begun. */
  #arrived = 0;
  #begunAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#awaited = new Awaited(options.timing);
    const { reportRetryFirstMs: silentMs, reportRetryMaxMs: withoutMs } = options.timing;
    this.#looks = new Looks({ ...options, silentMs, withoutMs });
  }

  /** Says that the spool has so many more. */
  wake(reports: number): void {
    this.#arrived += reports;
    this.#wake();
  }

  /** Runs until the signal. */
  async run(): Promise<void> {
    const { signal, spool, clock } = this.#options;
    while (!signal.aborted) {
      if (!this.#isDue()) await this.#sleep(this.#awaited.untilDueMs(clock.monotonicMs()), () => true);
      if (spool.size === 0) continue;
      await this.#gather();
      const { toSend, toLookFor } = this.#due();
      const isSent = toSend.length === 0 || (await this.#sendDue(toSend));
      for (const [parent, reports] of toLookFor)
        for (const some of looksOf(reports)) if (!signal.aborted) await this.#lookFor(some, parent);
      if (!isSent) await this.#sleep(this.#backoffMs(), () => false);
    }
  }

  /** Whether a parent took all of them. */
  async #sendDue(due: readonly SpooledReport[]): Promise<boolean> {
    const { signal, clock, parents, upNow, onTaken, onFault } = this.#options;
    const mostBytes = Math.min(batchBytes, (upNow() ?? batchBytes) * batchSeconds);
    this.#arrived = 0;
    this.#begunAtMs = clock.monotonicMs();
    const count = Math.max(1, parents().length);
    const beginOf = (report: SpooledReport): number =>
      Math.floor(this.#awaited.timesSent(report) / 2) % count;
    for (const { batch, begin } of batchesOf(due, beginOf, mostBytes)) {
      if (signal.aborted) return true;
      try {
        await this.#sendAll(batch, begin);
        this.#failures = 0;
        onTaken();
      } catch (error) {
        if (signal.aborted) return true;
        this.#failures += 1;
        onFault(error);
        return false;
      }
    }
    return true;
  }

  async #lookFor(reports: readonly SpooledReport[], parent: string): Promise<void> {
    const { clock, signal, spool, log } = this.#options;
    try {
      const taken = await this.#looks.ask(parent, reports);
      const nowMs = clock.monotonicMs();
      for (const report of reports) {
        if (taken === null) this.#awaited.sendAgain(report, nowMs);
        else this.#awaited.looked(report, nowMs);
      }
      if (taken !== null) await spool.takeAnswer(taken, reports);
    } catch (error) {
      if (!signal.aborted) log.warn('answer to a look for watermarks not taken', { parent, error });
    }
  }

  /** Who comes next is let in, so that many reports travel as one batch, and are answered by one signature. */
  async #gather(): Promise<void> {
    const { timing, clock } = this.#options;
    const paceMs = this.#begunAtMs + timing.reportPaceMs - clock.monotonicMs();
    await this.#sleep(timing.reportBatchMs, () => false);
    const hasEnough = (): boolean => this.#arrived >= enoughReports;
    if (!hasEnough()) await this.#sleep(paceMs - timing.reportBatchMs, hasEnough);
  }

  #due(): Due {
    const { spool, clock } = this.#options;
    return this.#awaited.due(spool.waiting(), clock.monotonicMs());
  }

  #isDue(): boolean {
    const { toSend, toLookFor } = this.#due();
    return toSend.length > 0 || toLookFor.size > 0;
  }

  /** One report that parents refuse must not hold up the others: what is refused as malformed is halved. */
  async #sendAll(batch: readonly SpooledReport[], begin: number): Promise<void> {
    const { spool, clock, log } = this.#options;
    let answer: Taken | null = null;
    let at: string | null = null;
    try {
      const { parent, taken } = await this.#send(batch, begin);
      answer = taken;
      at = this.#looks.mayAsk(parent) ? parent : null;
      for (const report of batch) spool.wentUp(report);
    } catch (error) {
      if (!(error instanceof XylemError) || error.code !== 'E_REPORT_INVALID') throw error;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#sendAll(batch.slice(0, middle), begin);
        await this.#sendAll(batch.slice(middle), begin);
        return;
      }
      log.warn('report refused by the parents', { host: batch[0]?.host, error });
    }
    for (const report of batch) this.#awaited.sent(report, at, clock.monotonicMs());
    if (answer !== null) await spool.takeAnswer(answer, batch);
  }

  /** One may take reports and never pass them on: what was sent often begins with another that answers. */
  #parentsFrom(begin: number): readonly string[] {
    const inOrder = this.#options.parents();
    const answering = inOrder.filter((parent) => !this.#silent.has(parent));
    const first = begin === 0 ? undefined : answering[begin % answering.length];
    return first === undefined ? inOrder : [first, ...inOrder.filter((parent) => parent !== first)];
  }

  /** To the first parent that takes them. */
  async #send(
    batch: readonly SpooledReport[],
    begin: number,
  ): Promise<{ readonly parent: string; readonly taken: Taken }> {
    const { signal, log } = this.#options;
    const reports = batch.map(({ envelope }) => envelope);
    const body = encodeReportBatch({ format: 'xylem-reports-1', reports });
    const readsProofs = batch.every(({ single }) => !single);
    let fault: unknown = new XylemError(
      'E_PARENT_UNREACHABLE',
      'There is no parent that could take reports.',
    );
    for (const parent of this.#parentsFrom(begin)) {
      try {
        const posted = { path: '/reports', body, readsProofs, good: 202 } as const;
        const { status, taken } = await postUp(this.#options, parent, posted);
        this.#silent.delete(parent);
        if (taken !== null) return { parent, taken };
        const isMalformed = status === 400 || status === 413;
        fault = new XylemError(
          isMalformed ? 'E_REPORT_INVALID' : 'E_PARENT_REFUSED',
          `${parent} answered ${status} to reports.`,
        );
      } catch (error) {
        if (signal.aborted) throw error;
        this.#silent.add(parent);
        this.#looks.lost(parent);
        fault = error;
      }
      log.warn('parent did not take reports', { parent, error: fault });
    }
    throw fault;
  }

  #backoffMs(): number {
    const { timing, randomness } = this.#options;
    const most = Math.min(timing.retryMaxMs, timing.retryFirstMs * 2 ** Math.min(20, this.#failures - 1));
    return most * randomness.fraction();
  }

  async #sleep(ms: number, mayWake: () => boolean): Promise<void> {
    if (ms <= 0) return;
    const { clock, signal } = this.#options;
    const stop = new AbortController();
    this.#wake = () => {
      if (mayWake()) stop.abort();
    };
    const either = AbortSignal.any([stop.signal, signal]);
    await clock.sleep(ms, either).catch(() => undefined);
    this.#wake = () => undefined;
  }
}

/** Who can't read proofs goes in batches of its own: the answer is in one form. */
function* batchesOf(
  reports: readonly SpooledReport[],
  beginOf: (report: SpooledReport) => number,
  mostBytes: number,
): Iterable<{ readonly batch: SpooledReport[]; readonly begin: number }> {
  for (const [begin, some] of Map.groupBy(reports, beginOf))
    for (const alike of byForm(some)) for (const batch of bounded(alike, mostBytes)) yield { batch, begin };
}

function* looksOf(reports: readonly SpooledReport[]): Iterable<SpooledReport[]> {
  for (const alike of byForm(reports))
    for (let at = 0; at < alike.length; at += limits.lookReports)
      yield alike.slice(at, at + limits.lookReports);
}

function byForm(reports: readonly SpooledReport[]): SpooledReport[][] {
  return [false, true].map((single) => reports.filter((report) => report.single === single));
}

function* bounded(reports: readonly SpooledReport[], mostBytes: number): Iterable<SpooledReport[]> {
  let batch: SpooledReport[] = [];
  let bytes = 0;
  for (const report of reports) {
    const size = report.envelope.payload.length;
    if (batch.length > 0 && (bytes + size > mostBytes || batch.length >= batchReports)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(report);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
