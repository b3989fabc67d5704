import type { HostId } from '@xylem/core';
import type { RelayTiming } from '../options.ts';
import type { SpooledReport } from './fold.ts';

/** In pauses of the first time, doubling: before the first look, the second one, and until it is sent again. */
const steps = [1, 2, 3] as const;
const looks = steps.length - 1;
const stepsTogether = steps.reduce((sum: number, one) => sum + one, 0);

/** A report that was sent up, and what is next for it if no watermark comes. */
interface Sent {
  readonly report: SpooledReport;
  /** How often it was sent. */
  readonly times: number;
  /** Where it is looked for; null: nowhere. */
  readonly at: string | null;
  readonly looked: number;
  readonly dueAtMs: number;
  readonly unitMs: number;
}

export interface Due {
  readonly toSend: readonly SpooledReport[];
  readonly toLookFor: ReadonlyMap<string, readonly SpooledReport[]>;
}

/** Which reports are due to be sent, or looked for where they were taken (docs/spec/reports.md). */
export class Awaited {
  readonly #timing: Pick<RelayTiming, 'reportRetryFirstMs' | 'reportRetryMaxMs'>;
  readonly #sent = new Map<HostId, Sent>();

  constructor(timing: Pick<RelayTiming, 'reportRetryFirstMs' | 'reportRetryMaxMs'>) {
    this.#timing = timing;
  }

  /** @param waiting all that no watermark covers; others are forgotten */
  due(waiting: readonly SpooledReport[], nowMs: number): Due {
    const hosts = new Set(waiting.map(({ host }) => host));
    for (const host of this.#sent.keys()) if (!hosts.has(host)) this.#sent.delete(host);
    const toSend: SpooledReport[] = [];
    const toLookFor = new Map<string, SpooledReport[]>();
    for (const report of waiting) {
      const sent = this.#of(report);
      if (sent === undefined) toSend.push(report);
      else if (sent.dueAtMs > nowMs) continue;
      else if (sent.at === null || sent.looked === looks) toSend.push(report);
      else {
        const there = toLookFor.get(sent.at) ?? [];
        toLookFor.set(sent.at, there);
        there.push(report);
      }
    }
    return { toSend, toLookFor };
  }

  /** Until the next one that was sent is due, at most the longest pause. */
  untilDueMs(nowMs: number): number {
    let nextMs = this.#timing.reportRetryMaxMs;
    for (const { dueAtMs } of this.#sent.values()) nextMs = Math.min(nextMs, dueAtMs - nowMs);
    return Math.max(0, nextMs);
  }

  /** How often it was sent already. */
  timesSent(report: SpooledReport): number {
    return this.#of(report)?.times ?? 0;
  }

  /** @param at who took it and can be asked for its watermark; null: nobody */
  sent(report: SpooledReport, at: string | null, nowMs: number): void {
    const { reportRetryFirstMs, reportRetryMaxMs } = this.#timing;
    const times = this.timesSent(report);
    const mostMs = at === null ? reportRetryMaxMs : reportRetryMaxMs / stepsTogether;
    const unitMs = Math.min(mostMs, reportRetryFirstMs * 2 ** Math.min(20, times));
    const dueAtMs = nowMs + unitMs;
    this.#sent.set(report.host, { report, times: times + 1, at, looked: 0, unitMs, dueAtMs });
  }

  looked(report: SpooledReport, nowMs: number): void {
    const sent = this.#of(report);
    if (sent === undefined) return;
    const looked = Math.min(looks, sent.looked + 1);
    const dueAtMs = nowMs + sent.unitMs * (steps[looked] ?? 0);
    this.#sent.set(report.host, { ...sent, looked, dueAtMs });
  }

  /** It can't be looked for. */
  sendAgain(report: SpooledReport, nowMs: number): void {
    const sent = this.#of(report);
    if (sent !== undefined) this.#sent.set(report.host, { ...sent, at: null, dueAtMs: nowMs });
  }

  #of(report: SpooledReport): Sent | undefined {
    const sent = this.#sent.get(report.host);
    return sent?.report === report ? sent : undefined;
  }
}
