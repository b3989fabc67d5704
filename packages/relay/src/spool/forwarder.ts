import {
  encodeReportBatch,
  type HostId,
  limits,
  parseTaken,
  proofsHeader,
  type Taken,
  XylemError,
} from '@xylem/core';
import {
  type Clock,
  type HttpClient,
  type Log,
  packBody,
  type Randomness,
  readBody,
  unpackBody,
} from '@xylem/platform';
import type { RelayTiming } from '../options.ts';
import type { SpooledReport } from './fold.ts';
import type { Spool } from './spool.ts';

/** Encoded reports in one request; well below the limit, so that one lost request costs little. */
const batchBytes = 4 * 1024 * 1024;
const batchReports = 5_000;
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
  readonly onFault: (error: unknown) => void;
  readonly onTaken: () => void;
}

/** When a report was last taken by a parent, and how long until it goes up again if no watermark comes. */
interface Sent {
  readonly report: SpooledReport;
  readonly dueAtMs: number;
  readonly pauseMs: number;
}

/** Sends what is spooled upwards in batches, and again with growing pauses until watermarks cover it. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #sent = new Map<HostId, Sent>();
  #wake: () => void = () => undefined;
  #failures = 0;
  /** Since the last batch was begun. */
  #arrived = 0;
  #begunAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ForwarderOptions) {
    this.#options = options;
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
      if (this.#due().length === 0) await this.#sleep(this.#untilDue(), () => true);
      if (spool.size === 0) continue;
      await this.#gather();
      const due = this.#due();
      if (due.length === 0) continue;
      this.#arrived = 0;
      this.#begunAtMs = clock.monotonicMs();
      for (const batch of batchesOf(due)) {
        if (signal.aborted) return;
        try {
          await this.#sendAll(batch);
          this.#failures = 0;
          this.#options.onTaken();
        } catch (error) {
          if (signal.aborted) return;
          this.#failures += 1;
          this.#options.onFault(error);
          await this.#sleep(this.#backoffMs(), () => false);
          break;
        }
      }
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

  #due(): SpooledReport[] {
    const now = this.#options.clock.monotonicMs();
    const waiting = this.#options.spool.waiting();
    const hosts = new Set(waiting.map(({ host }) => host));
    for (const host of this.#sent.keys()) if (!hosts.has(host)) this.#sent.delete(host);
    return waiting.filter((report) => {
      const sent = this.#sent.get(report.host);
      return sent?.report !== report || sent.dueAtMs <= now;
    });
  }

  #untilDue(): number {
    let next = this.#options.timing.reportRetryMaxMs;
    const now = this.#options.clock.monotonicMs();
    for (const { dueAtMs } of this.#sent.values()) next = Math.min(next, dueAtMs - now);
    return Math.max(0, next);
  }

  #markSent(report: SpooledReport, nowMs: number): void {
    const { reportRetryFirstMs, reportRetryMaxMs } = this.#options.timing;
    const former = this.#sent.get(report.host);
    const pauseMs =
      former?.report === report ? Math.min(reportRetryMaxMs, former.pauseMs * 2) : reportRetryFirstMs;
    this.#sent.set(report.host, { report, dueAtMs: nowMs + pauseMs, pauseMs });
  }

  /** One report that parents refuse must not hold up the others: what is refused as malformed is halved. */
  async #sendAll(batch: readonly SpooledReport[]): Promise<void> {
    const { spool, clock, log } = this.#options;
    let answer: Taken | null = null;
    try {
      answer = await this.#send(batch);
      for (const report of batch) spool.wentUp(report);
    } catch (error) {
      if (!(error instanceof XylemError) || error.code !== 'E_REPORT_INVALID') throw error;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#sendAll(batch.slice(0, middle));
        await this.#sendAll(batch.slice(middle));
        return;
      }
      log.warn('report refused by the parents', { host: batch[0]?.host, error });
    }
    for (const report of batch) this.#markSent(report, clock.monotonicMs());
    if (answer !== null) await spool.takeAnswer(answer, batch);
  }

  /** To the first parent that takes them. */
  async #send(batch: readonly SpooledReport[]): Promise<Taken> {
    const { http, parents, signal } = this.#options;
    const reports = batch.map(({ envelope }) => envelope);
    const { body, headers: packed } = await packBody(
      encodeReportBatch({ format: 'xylem-reports-1', reports }),
    );
    const readsProofs = batch.every(({ single }) => !single);
    const headers = {
      'content-type': 'application/json',
      'accept-encoding': 'zstd',
      ...packed,
      ...(readsProofs ? { [proofsHeader]: '1' } : {}),
    };
    let fault: unknown = new XylemError(
      'E_PARENT_UNREACHABLE',
      'There is no parent that could take reports.',
    );
    for (const parent of parents()) {
      try {
        const url = `${parent.replace(/\/+$/, '')}/reports`;
        const answer = await http.request({ method: 'POST', url, headers, body, signal });
        const rules = {
          maxBytes: limits.reportBatch,
          what: `The answer of ${parent}`,
          code: 'E_NETWORK',
        } as const;
        const text = await readBody(answer.body, rules.maxBytes, rules.what);
        if (answer.status === 202)
          return parseTaken(await unpackBody(text, answer.headers['content-encoding'], rules));
        const isMalformed = answer.status === 400 || answer.status === 413;
        fault = new XylemError(
          isMalformed ? 'E_REPORT_INVALID' : 'E_PARENT_REFUSED',
          `${parent} answered ${answer.status} to reports.`,
        );
      } catch (error) {
        if (signal.aborted) throw error;
        fault = error;
      }
      this.#options.log.warn('parent did not take reports', { parent, error: fault });
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
function* batchesOf(reports: readonly SpooledReport[]): Iterable<SpooledReport[]> {
  for (const single of [false, true]) yield* bounded(reports.filter((report) => report.single === single));
}

function* bounded(reports: readonly SpooledReport[]): Iterable<SpooledReport[]> {
  let batch: SpooledReport[] = [];
  let bytes = 0;
  for (const report of reports) {
    const size = report.envelope.payload.length;
    if (batch.length > 0 && (bytes + size > batchBytes || batch.length >= batchReports)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(report);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
