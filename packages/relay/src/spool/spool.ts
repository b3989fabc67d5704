import {
  type Envelope,
  type HostId,
  isHostId,
  limits,
  type Proofs,
  parseProofs,
  type ReportNumber,
  type Taken,
  XylemError,
} from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { readReport } from './entry.ts';
import { covers, type ReportNumber as FoldedNumber, type SpooledReport, supersedes } from './fold.ts';
import { LogFile } from './log-file.ts';
import { type KeptWatermark, keptOf, watermarksIn } from './read-answer.ts';
import { hourOf, Superseded } from './superseded.ts';
import { proofsOf, Watermarks } from './watermarks.ts';

export interface SpoolOptions {
  readonly folder: string;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  /** Raw public keys by which watermarks are believed, as of now. */
  readonly collectorKeys: () => readonly Uint8Array[];
  /** Bound on what is kept, on disk and in memory: bytes of reports. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** A line of the log: one of these keys. */
interface Line {
  readonly report?: Envelope;
  /** With a report: all through whom it came read proofs. */
  readonly readsProofs?: true;
  /** With a report: it replaced one that no parent had taken, in this hour. */
  readonly over?: number;
  /** How many did, by hour. */
  readonly superseded?: readonly (readonly [hour: number, count: number])[];
  /** With that: how many in the hours before. */
  readonly earlier?: number;
  readonly watermark?: Envelope;
  readonly number?: ReportNumber;
  readonly proofs?: Proofs;
}

const compactAboveBytes = 4 * 1024 * 1024;
/** In one line: some 600 kB. */
const proofsInLine = 1_000;

/**
 * Reports on their way up: the newest of each host until a watermark covers it, and the newest watermark of each
 * host. Losing all of it loses no report: hosts keep theirs until they see the watermark themselves.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #reports = new Map<HostId, SpooledReport>();
  readonly #watermarks = new Watermarks();
  readonly #superseded = new Superseded();
  /** Those that a parent has, and for which the watermark is awaited. */
  readonly #taken = new WeakSet<SpooledReport>();
  #log: LogFile | undefined;
  #bytes = 0;
  #isCompacting = false;

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** @throws XylemError E_STORAGE, E_PERMISSION */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    spool.#log = await LogFile.open(options.folder, (line) => spool.#replay(line));
    return spool;
  }

  /**
   * Keeps reports durably; superseded and covered ones are taken without being kept.
   * @throws XylemError E_DISK_FULL, E_STORAGE; then none of them counts as taken
   */
  async take(reports: readonly SpooledReport[]): Promise<void> {
    const arriving = new Map<HostId, SpooledReport>();
    const lines: { readonly line: string; readonly report: SpooledReport; readonly over?: number }[] = [];
    const hour = hourOf(this.#options.clock.now());
    for (const report of reports) {
      const former = arriving.get(report.host) ?? this.#reports.get(report.host);
      if (covers(this.#watermarks.get(report.host), report) || !supersedes(report, former)) continue;
      arriving.set(report.host, report);
      const over = this.#isLost(former, report) ? { over: hour } : {};
      lines.push({ line: JSON.stringify({ ...lineOf(report), ...over } satisfies Line), report, ...over });
    }
    const arrivingBytes = lines.reduce((sum, { line }) => sum + line.length, 0);
    if (this.#bytes + arrivingBytes > (this.#options.maxBytes ?? 256 * 1024 * 1024)) {
      const message = 'The spool of reports has reached its bound: no parent takes them.';
      throw new XylemError('E_DISK_FULL', message, { retry: 'elsewhere' });
    }
    const log = this.#opened();
    // Counted as kept only when it is on the disk: until then the former one stays.
    await Promise.all(
      lines.map(({ line, report, over }) => log.append(line, () => this.#keep(report, over))),
    );
    this.#compactIfDue();
  }

  /**
   * Keeps what a parent's answer to these reports says that the root server has, and drops the reports that it covers.
   * What no known collector signed is ignored.
   */
  async takeAnswer(taken: Taken, reports: readonly SpooledReport[]): Promise<void> {
    const { log, collectorKeys } = this.#options;
    const isNew = (number: FoldedNumber): boolean => this.#watermarks.isNew(number);
    const watermarks = await watermarksIn(taken, { reports, isNew, collectors: collectorKeys(), log });
    const kept = watermarks.filter((watermark) => this.#see(watermark));
    for (const line of linesOf(kept)) {
      // Not waited for: without it the report goes up once more and the watermark comes back.
      this.#opened()
        .append(JSON.stringify(line))
        .catch((error: unknown) => log.warn('watermark not kept', { error }));
    }
    this.#compactIfDue();
  }

  /** A parent has this one; the root server's watermark is still awaited. */
  wentUp(report: SpooledReport): void {
    this.#taken.add(report);
  }

  /** Reports of the last day that newer ones replaced here before a parent had taken them. */
  get superseded(): number {
    return this.#superseded.lastDay(this.#options.clock.now());
  }

  /** Since this spool was made. */
  get supersededTotal(): number {
    return this.#superseded.total;
  }

  /** What the root server said last of these hosts, as far as who asks can read it. */
  watermarks(hosts: Iterable<HostId>, readsProofs: boolean): Taken {
    return this.#watermarks.answer(hosts, readsProofs);
  }

  /** Of that, what says that the root server has these reports. */
  covering(reports: readonly ReportNumber[], readsProofs: boolean): Taken {
    return this.#watermarks.covering(reports, readsProofs);
  }

  /** Drops what is kept of these hosts; a line of theirs in the log is dropped again at the next start. */
  forget(fits: (host: HostId) => boolean): void {
    for (const [host, report] of this.#reports) {
      if (!fits(host)) continue;
      this.#bytes -= sizeOf(report);
      this.#reports.delete(host);
    }
  }

  /** What is to go up, the longest kept first. */
  waiting(): SpooledReport[] {
    return [...this.#reports.values()];
  }

  get size(): number {
    return this.#reports.size;
  }

  /** Of the reports that are kept, as its bound counts them. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  async close(): Promise<void> {
    await this.#opened().close();
  }

  #keep(report: SpooledReport, over: number | undefined): void {
    const former = this.#reports.get(report.host);
    if (!supersedes(report, former) || covers(this.#watermarks.get(report.host), report)) return;
    if (over !== undefined) this.#superseded.add(over);
    this.#bytes += sizeOf(report) - (former === undefined ? 0 : sizeOf(former));
    this.#reports.delete(report.host);
    this.#reports.set(report.host, report);
  }

  /** Whether a report is replaced that no parent has. */
  #isLost(former: SpooledReport | undefined, next: SpooledReport): boolean {
    if (former === undefined || this.#taken.has(former)) return false;
    return former.incarnation !== next.incarnation || former.sequence !== next.sequence;
  }

  /** Whether it is newer than what was known. */
  #see(watermark: KeptWatermark): boolean {
    if (!this.#watermarks.keep(watermark)) return false;
    const report = this.#reports.get(watermark.host);
    if (report === undefined || !covers(watermark, report)) return true;
    this.#bytes -= sizeOf(report);
    this.#reports.delete(watermark.host);
    return true;
  }

  #replay(text: string): void {
    if (text === '') return;
    try {
      const line = JSON.parse(text) as Line;
      if (line.report !== undefined)
        this.#keep(readReport(line.report, line.readsProofs === true), line.over);
      else if (line.superseded !== undefined) {
        this.#superseded.addEarlier(line.earlier ?? 0);
        for (const [hour, count] of line.superseded) this.#superseded.add(hour, count);
      } else if (line.proofs !== undefined) {
        const { signed, proofs } = parseProofs(line.proofs);
        for (const proof of proofs) this.#see(keptOf(signed, proof));
      } else if (line.watermark !== undefined && line.number !== undefined && isHostId(line.number.host)) {
        this.#see({ ...line.number, single: true, envelope: line.watermark, proof: null });
      }
    } catch (error) {
      // The torn last line of a crash, which nobody was told about, or a damaged disk: the host sends it again.
      this.#options.log.warn('line of the spool skipped', { error });
    }
  }

  #compactIfDue(): void {
    const log = this.#opened();
    // Watermarks take room too: what a rewrite could not make smaller is not rewritten for each report.
    if (this.#isCompacting || log.sizeBytes < compactAboveBytes + 2 * log.rewrittenBytes) return;
    this.#isCompacting = true;
    log
      .rewrite(() => this.#lines())
      .catch((error: unknown) => this.#options.log.warn('spool not compacted', { error }))
      .finally(() => {
        this.#isCompacting = false;
      });
  }

  *#lines(): Iterable<string> {
    const superseded = this.#superseded;
    yield JSON.stringify({ superseded: superseded.hours(), earlier: superseded.earlier } satisfies Line);
    for (const line of linesOf(this.#watermarks.all())) yield JSON.stringify(line);
    for (const report of this.#reports.values()) yield JSON.stringify(lineOf(report));
  }

  #opened(): LogFile {
    if (this.#log === undefined) throw new XylemError('E_INTERNAL', 'The spool is not open.');
    return this.#log;
  }
}

function sizeOf(report: SpooledReport): number {
  return Math.min(limits.report * 2, report.envelope.payload.length + 512);
}

function lineOf({ envelope, single }: SpooledReport): Line {
  return single ? { report: envelope } : { report: envelope, readsProofs: true };
}

function* linesOf(watermarks: Iterable<KeptWatermark>): Iterable<Line> {
  const all = [...watermarks];
  for (const { host, incarnation, sequence, envelope, single } of all)
    if (single) yield { watermark: envelope, number: { host, incarnation, sequence } };
  for (const { proofs, ...document } of proofsOf(all))
    for (let at = 0; at < proofs.length; at += proofsInLine)
      yield { proofs: { ...document, proofs: proofs.slice(at, at + proofsInLine) } };
}
