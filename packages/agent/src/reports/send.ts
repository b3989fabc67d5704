import {
  encodeReportBatch,
  fromB64u,
  lifetimes,
  limits,
  parseTaken,
  proofsHeader,
  type ReportBatch,
} from '@xylem/core';
import { packBody } from '@xylem/platform';
import type { Told } from '../direction/told.ts';
import type { AgentTiming } from '../options.ts';
import type { AsksParents } from '../parents/parents.ts';
import { askNode, postToFirst } from '../parents/requests.ts';
import { changeKey, type ReportBody } from './build.ts';
import type { ReportSpool } from './spool.ts';
import { watermarkMaxBytes } from './watermark.ts';

export interface ReporterOptions extends AsksParents {
  readonly host: string;
  readonly spool: ReportSpool;
  readonly timing: AgentTiming;
  readonly allowPlainHttp: () => boolean;
  /** This host's state now. */
  readonly body: () => Promise<ReportBody>;
  /** b64u of the collector's key, null before the first direction. */
  readonly collectorKey: () => string | null;
  readonly everyMs: () => number;
  /** What direction says to this host: reported where it differs. */
  readonly told: () => Told;
  /** Whether what direction wants was looked after. */
  readonly isSettled: () => boolean;
  /** A report of this process is kept; a parent took one. */
  readonly made?: () => Promise<void>;
  readonly taken?: () => void;
}

/** Reports changes, what is due, and again what the root server has not said to have. */
export interface Reporter {
  /** Something may have changed. */
  poke(): void;
  /** A parent answers again after none did: what waits to be sent again need not wait longer. */
  parentIsBack(): void;
  /** Until what direction says to this host was looked after and reported, as far as a parent took it; at most so long. */
  untilSaid(mostMs: number): Promise<void>;
  run(): Promise<void>;
}

export function reporter(options: ReporterOptions): Reporter {
  const { clock, timing, signal, spool, log } = options;
  let wake = new AbortController();
  let isPoked = true;
  let said = new AbortController();
  let last: { readonly key: string; readonly told: Told } | null = null;
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  /** Since when the host is at work on what it was given, and nothing else is to be said. */
  let atWorkSinceMs = Number.POSITIVE_INFINITY;
  /** After the last report: at the end of a bake. */
  let owedMs = Number.POSITIVE_INFINITY;
  /** Of the period, until the next report that is due by time alone: hosts that reported together drift apart. */
  let share = 1;
  let attempts = 0;
  let timesTaken = 0;
  /** A parent took the last report, or none did. */
  let wasTried = false;
  let nextSendMs = 0;

  const dueAtMs = (): number =>
    Math.min(reportedAtMs + Math.min(share * options.everyMs(), owedMs), atWorkSinceMs + timing.reportWorkMs);
  const poke = (): void => {
    isPoked = true;
    wake.abort();
  };
  const pause = async (ms: number, until: AbortSignal): Promise<void> => {
    await clock.sleep(Math.max(1, ms), AbortSignal.any([signal, until])).catch(() => undefined);
  };
  const makeIfDue = async (): Promise<void> => {
    const nowMs = clock.monotonicMs();
    const isDue = nowMs >= dueAtMs();
    if (!isPoked && !isDue) return;
    isPoked = false;
    // Before the rest: what is accepted meanwhile is found by the next look.
    const told = options.told();
    const body = await options.body();
    const key = `${told.atOnce} ${changeKey(body)}`;
    if (key === last?.key && !isDue) {
      if (told.work === last.told.work) return;
      if (!options.isSettled()) {
        atWorkSinceMs = Math.min(atWorkSinceMs, nowMs);
        return;
      }
    }
    await spool.put(body);
    await options.made?.();
    last = { key, told };
    atWorkSinceMs = Number.POSITIVE_INFINITY;
    owedMs = 1000 * Math.min(...body.components.map(({ again }) => again ?? Number.POSITIVE_INFINITY));
    reportedAtMs = clock.monotonicMs();
    share = 1 - lifetimes.reportSoonerBy * options.randomness.fraction();
    attempts = 0;
    timesTaken = 0;
    wasTried = false;
    nextSendMs = 0;
  };
  const isSaid = (): boolean => {
    const { atOnce, work } = options.told();
    const isReported = last?.told.atOnce === atOnce && last.told.work === work;
    return isReported && options.isSettled() && (wasTried || spool.pending() === null);
  };
  const sendAfter = (firstMs: number, times: number): void => {
    const pauseMs = Math.min(timing.reportRetryMaxMs, firstMs * 2 ** Math.min(times, 16));
    nextSendMs = clock.monotonicMs() + pauseMs * (0.9 + 0.2 * options.randomness.fraction());
  };
  const sendIfDue = async (): Promise<void> => {
    const pending = spool.pending();
    if (pending === null || clock.monotonicMs() < nextSendMs) return;
    sendAfter(timing.reportRetryMinMs, attempts);
    try {
      // By the second attempt the watermark may have come back to a parent.
      if (attempts > 0 && (await lookForWatermark(options))) return;
      attempts += 1;
      await send(options, pending, attempts);
      spool.wentUp(pending);
      sendAfter(timing.reportLookMs, timesTaken);
      timesTaken += 1;
      options.taken?.();
    } catch (cause) {
      signal.throwIfAborted();
      attempts += 1;
      log.warn('report not taken', { attempts, cause });
    } finally {
      wasTried = true;
    }
  };

  return {
    poke,
    parentIsBack: () => {
      // Each child of a parent that was away hears of its return at about the same time.
      const spreadMs = timing.reportRetryMinMs * options.randomness.fraction();
      nextSendMs = Math.min(nextSendMs, clock.monotonicMs() + spreadMs);
      wake.abort();
    },
    untilSaid: async (mostMs) => {
      if (isSaid()) return;
      said = new AbortController();
      await pause(mostMs, said.signal);
    },
    run: async () => {
      while (!signal.aborted) {
        wake = new AbortController();
        try {
          await makeIfDue();
          await sendIfDue();
          if (isSaid()) said.abort();
        } catch (cause) {
          if (signal.aborted) return;
          // A full disk: the next attempt makes it again.
          log.error('report not made', { cause });
          isPoked = true;
          await pause(timing.reportRetryMinMs, new AbortController().signal);
        }
        if (isPoked) {
          await pause(timing.reportCoalesceMs, new AbortController().signal);
          continue;
        }
        const untilMs = spool.pending() === null ? dueAtMs() : Math.min(dueAtMs(), nextSendMs);
        await pause(untilMs - clock.monotonicMs(), wake.signal);
        // Changes come in groups: what follows within a moment goes into the same report.
        if (isPoked) await pause(timing.reportCoalesceMs, new AbortController().signal);
      }
    },
  };
}

const readsProofs = { [proofsHeader]: '1' };

/** To the first parent that takes it; after a failure also to others than the best. */
async function send(options: ReporterOptions, pending: Uint8Array, attempt: number): Promise<void> {
  const batch = { format: 'xylem-reports-1', reports: [JSON.parse(Buffer.from(pending).toString('utf8'))] };
  const usable = reportable(options);
  // Each second attempt begins with another parent: one may take reports and never pass them on.
  const shift = usable.length === 0 ? 0 : Math.floor((attempt - 1) / 2) % usable.length;
  const { body, headers } = await packBody(encodeReportBatch(batch as ReportBatch));
  const post = {
    path: '/reports',
    body,
    headers: { ...readsProofs, ...headers },
    maxBytes: limits.reportBatch,
    repeatable: true,
    nobody: 'No parent of this host takes reports.',
  };
  await postToFirst(options, [...usable.slice(shift), ...usable.slice(0, shift)], post, async (answer) => {
    const { watermarks, proofs = [] } = parseTaken(answer);
    for (const document of [...watermarks, ...proofs]) await cover(options, document);
  });
}

/** Parents that may hear what this host says of itself; those last that have no room to keep it. */
function reportable({ parents, allowPlainHttp }: ReporterOptions): string[] {
  return parents.fullness
    .roomyFirst(parents.urls())
    .filter((url) => allowPlainHttp() || url.startsWith('https:'));
}

async function lookForWatermark(options: ReporterOptions): Promise<boolean> {
  const { signal, host } = options;
  const [url] = reportable(options);
  if (url === undefined) return false;
  const answer = await askNode(
    options,
    { method: 'GET', url: `${url}/watermarks/${host}`, headers: readsProofs, signal },
    watermarkMaxBytes,
  ).catch(() => null);
  return answer !== null && (await cover(options, answer));
}

async function cover(options: ReporterOptions, document: object | Uint8Array): Promise<boolean> {
  const key = options.collectorKey();
  if (key === null) return false;
  try {
    return await options.spool.cover(document, fromB64u(key));
  } catch (cause) {
    options.log.warn('watermark refused', { cause });
    return false;
  }
}
