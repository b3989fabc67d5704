import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { ObjectSource, SourceAnswer, SourceRequest } from './object-source.ts';
import type { Patience } from './patience.ts';
import { readPieces } from './read.ts';
import { within } from './within.ts';

/** When a source is compared with another: docs/spec/failover.md. */
export interface ComparisonTiming {
  /** Its rate is judged after so much waiting for its bytes. */
  readonly afterMs: number;
  /** What would be over within so long goes on as it is. */
  readonly worthMs: number;
  /** How many times as fast the other has to be. */
  readonly times: number;
  /** The other has so long at most. */
  readonly mostMs: number;
  /** The next other is asked after so long, and so many in vain for one transfer. */
  readonly againMs: number;
  readonly mostInVain: number;
  /** Who says that it holds its answers up on purpose is believed for so much waiting. */
  readonly pacedMs: number;
  /** And is compared only by a part that it would give in so long at least. */
  readonly pacedPartMs: number;
  /** Who gives less is compared with higher nodes too, after so much waiting at such a rate. */
  readonly nearlyNothing: { readonly bytesPerSecond: number; readonly afterMs: number };
}

export const comparisonTiming: ComparisonTiming = {
  afterMs: 10_000,
  worthMs: 30_000,
  times: 3,
  mostMs: 10_000,
  againMs: 60_000,
  mostInVain: 3,
  // Limits last for hours, so that one that is meant is not often asked about: at most 10 s in each 10 min.
  pacedMs: 600_000,
  // A limit where nothing else is asked for gives at once what a quarter of a second brings.
  pacedPartMs: 3_000,
  // No limit may be less. And so long that a thousand who wait at once ask higher nodes for one part in two seconds.
  nearlyNothing: { bytesPerSecond: 8_000, afterMs: 1_800_000 },
};

/** Those with whom a source is compared only after long waiting for it. */
export interface LaterRivals {
  readonly patience: Patience;
  rivalsOf(source: string): readonly ObjectSource[];
}

/** With whom, and how, the source in use may be compared. */
export interface Comparison {
  readonly clock: Clock;
  readonly timing: ComparisonTiming;
  /** With those that hold their answers up. */
  readonly patience: Patience;
  /** Those above: they have the most to serve. */
  readonly higher: LaterRivals;
  /** From 0 to 1, by which those differ who began at the same moment. */
  fraction(): number;
  /** Those that could take over from this one, in the order in which they would; never those above. */
  rivalsOf(source: string): readonly ObjectSource[];
  /** A fault of one that was asked for a part. */
  blame(source: string, error: XylemError): void;
  /** What a transfer brought, at its end or where it broke off, and how long that took; others' parts are not in it. */
  onRead?(bytes: number, tookMs: number): void;
  /** How long the source took to begin its answer. */
  onAnswer?(tookMs: number): void;
}

/** Something that the transfer needs anyway, and that comes late in it. */
export interface ComparedPart {
  readonly sizeBytes: number;
  /** Takes it, verified, from another. */
  readonly take: (rival: ObjectSource, signal: AbortSignal) => Promise<void>;
}

export interface ComparedTransferOptions {
  readonly comparison: Comparison;
  readonly source: ObjectSource;
  readonly signal: AbortSignal | undefined;
  /** Of what is to come, where the source says so much of the whole file. */
  readonly leftBytes: (totalBytes: number | undefined) => number;
  /** @param wishedBytes another that is just fast enough gives so much in the time that it has: no more, where that can be */
  readonly part: (leftBytes: number, wishedBytes: number) => ComparedPart;
}

/** Whether `bytes` in so much waiting is so little that what is left would take long. Pure. */
export function isWorthComparing(
  bytes: number,
  waitedMs: number,
  leftBytes: number,
  { afterMs, worthMs }: Pick<ComparisonTiming, 'afterMs' | 'worthMs'>,
): boolean {
  return waitedMs >= afterMs && leftBytes * waitedMs > bytes * worthMs;
}

/** How long another may take for so many bytes to be so many times as fast. Pure. */
export function timeToWinMs(
  partBytes: number,
  bytes: number,
  waitedMs: number,
  { times, mostMs }: Pick<ComparisonTiming, 'times' | 'mostMs'>,
): number {
  return Math.min(mostMs, (partBytes * waitedMs) / (times * Math.max(1, bytes)));
}

interface NextRival {
  readonly rival: ObjectSource;
  /** What begins anew where it does not give more. */
  readonly patience: Patience | null;
  readonly isHigher: boolean;
}

/**
 * What one source gives to one transfer. While it is slow, each rival in turn is asked once for a part; the transfer
 * waits meanwhile, so that both do not share a line. Who holds its answers up on purpose is not compared at once.
 */
export class ComparedTransfer {
  readonly #options: ComparedTransferOptions;
  readonly #source: ObjectSource;
  readonly #inVain: string[] = [];
  #isPaced = false;
  #totalBytes: number | undefined;
  #bytes = 0;
  #waitedMs = 0;
  #windowMs: number;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(options: ComparedTransferOptions) {
    const { comparison, source } = options;
    this.#options = options;
    this.#windowMs = comparison.timing.afterMs * (0.75 + comparison.fraction() / 2);
    this.#source = {
      name: source.name,
      get: async (path, request): Promise<SourceAnswer> => {
        const askedMs = comparison.clock.monotonicMs();
        const answer = await source.get(path, request);
        if (answer.status === 'found') {
          this.#isPaced = answer.isPaced === true;
          if (!this.#isPaced) comparison.onAnswer?.(comparison.clock.monotonicMs() - askedMs);
          this.#totalBytes = answer.totalBytes;
        }
        return answer;
      },
    };
  }

  /** @throws XylemError E_PARENT_SLOW (retry elsewhere) when a rival has won; what `readPieces` throws; own faults of `take` */
  async *read(path: string, request: SourceRequest): AsyncGenerator<Uint8Array, undefined> {
    const { comparison } = this.#options;
    const { clock } = comparison;
    let [bytes, tookMs, sinceMs] = [0, 0, clock.monotonicMs()];
    try {
      for await (const piece of readPieces(this.#source, path, request)) {
        bytes += piece.length;
        this.#bytes += piece.length;
        const waitedMs = clock.monotonicMs() - sinceMs;
        this.#waitedMs += waitedMs;
        if (this.#isPaced) comparison.patience.waited(this.#source.name, waitedMs);
        yield piece;
        tookMs += clock.monotonicMs() - sinceMs;
        sinceMs = clock.monotonicMs();
        if (this.#waitedMs < this.#windowMs) continue;
        await this.#judge();
        sinceMs = clock.monotonicMs();
      }
    } finally {
      comparison.onRead?.(bytes, tookMs + clock.monotonicMs() - sinceMs);
    }
    return undefined;
  }

  async #judge(): Promise<void> {
    const { timing, clock, higher } = this.#options.comparison;
    const left = this.#options.leftBytes(this.#totalBytes);
    const [bytes, waitedMs] = [this.#bytes, this.#waitedMs];
    this.#bytes = 0;
    this.#waitedMs = 0;
    if (bytes * 1_000 < timing.nearlyNothing.bytesPerSecond * waitedMs)
      higher.patience.waited(this.#source.name, waitedMs);
    const window = { ...timing, afterMs: this.#windowMs };
    if (clock.monotonicMs() < this.#notBeforeMs || !isWorthComparing(bytes, waitedMs, left, window)) return;
    const next = this.#nextRival();
    if (next === undefined) return;
    const wished = (bytes * timing.times * timing.mostMs) / waitedMs;
    const part = this.#options.part(left, wished);
    if (this.#isPaced && part.sizeBytes * waitedMs < bytes * timing.pacedPartMs) return;
    await this.#compare(bytes, waitedMs, part, next);
  }

  async #compare(
    bytes: number,
    waitedMs: number,
    part: ComparedPart,
    { rival, patience, isHigher }: NextRival,
  ): Promise<void> {
    const { comparison, source } = this.#options;
    const isFaster = await this.#race(
      rival,
      part,
      timeToWinMs(part.sizeBytes, bytes, waitedMs, comparison.timing),
    );
    if (!isFaster) {
      if (!isHigher && !this.#inVain.includes(rival.name)) this.#inVain.push(rival.name);
      this.#notBeforeMs = comparison.clock.monotonicMs() + comparison.timing.againMs;
      patience?.renew(source.name, rival.name);
      return;
    }
    const rate = Math.round((bytes * 1000) / waitedMs);
    throw new XylemError(
      'E_PARENT_SLOW',
      `${source.name} gives ${rate} bytes a second; ${rival.name} gave more than ${comparison.timing.times} times as much.`,
      { details: { slower: [source.name, ...this.#inVain], isHigher } },
    );
  }

  #nextRival(): NextRival | undefined {
    const { comparison, source } = this.#options;
    const { patience, higher } = comparison;
    const later = ({ patience, rivalsOf }: LaterRivals, isHigher: boolean): NextRival | undefined => {
      if (!patience.isOver(source.name)) return undefined;
      const rival = patience.next(source.name, rivalsOf(source.name));
      return rival && { rival, patience, isHigher };
    };
    const above = later(higher, true);
    if (above !== undefined) return above;
    if (this.#isPaced) return later({ patience, rivalsOf: (name) => comparison.rivalsOf(name) }, false);
    if (this.#inVain.length >= comparison.timing.mostInVain) return undefined;
    const rival = comparison.rivalsOf(source.name).find(({ name }) => !this.#inVain.includes(name));
    return rival && { rival, patience: null, isHigher: false };
  }

  async #race(rival: ObjectSource, part: ComparedPart, withinMs: number): Promise<boolean> {
    const { signal, comparison } = this.#options;
    try {
      await within(comparison.clock, withinMs, `A part of ${rival.name}`, signal, (late) =>
        part.take(rival, late),
      );
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof XylemError) || error.retry !== 'elsewhere') throw error;
      // Too late, or without it: no fault.
      if (error.code !== 'E_PARENT_STALE' && error.code !== 'E_OBJECT_MISSING')
        comparison.blame(rival.name, error);
      return false;
    }
  }
}
