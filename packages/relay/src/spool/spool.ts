import { type Envelope, type HostId, isHostId, limits, XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { claimOf, type KeptWatermark, readReport, readWatermark } from './entry.ts';
import { covers, type ReportNumber, type SpooledReport, supersedes } from './fold.ts';
import { LogFile } from './log-file.ts';
import { hourOf, Superseded } from './superseded.ts';

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
  /** With a report: it replaced one that no parent had taken, in this hour. */
  readonly over?: number;
  /** How many did, by hour. */
  readonly superseded?: readonly (readonly [hour: number, count: number])[];
  readonly watermark?: Envelope;
  readonly number?: Pick<KeptWatermark, 'host' | 'incarnation' | 'sequence'>;
}

const compactAboveBytes = 4 * 1024 * 1024;

/**
 * Reports on their way up: the newest of each host until a watermark covers it, and the newest watermark of each
 * host. Losing all of it loses no report: hosts keep theirs until they see the watermark themselves.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #reports = new Map<HostId, SpooledReport>();
  readonly #watermarks = new Map<HostId, KeptWatermark>();
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
   * @returns the known watermarks of their hosts
   * @throws XylemError E_DISK_FULL, E_STORAGE; then none of them counts as taken
   */
  async take(reports: readonly SpooledReport[]): Promise<Envelope[]> {
    const watermarks = new Map<HostId, Envelope>();
    const arriving = new Map<HostId, SpooledReport>();
    const lines: { readonly line: string; readonly report: SpooledReport; readonly over?: number }[] = [];
    const hour = hourOf(this.#options.clock.now());
    for (const report of reports) {
      const watermark = this.#watermarks.get(report.host);
      if (watermark !== undefined) watermarks.set(report.host, watermark.envelope);
      const former = arriving.get(report.host) ?? this.#reports.get(report.host);
      if (covers(watermark, report) || !supersedes(report, former)) continue;
      arriving.set(report.host, report);
      const over = former === undefined || this.#taken.has(former) ? {} : { over: hour };
      const line = JSON.stringify({ report: report.envelope, ...over } satisfies Line);
      lines.push({ line, report, ...over });
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
    return [...watermarks.values()];
  }

  /** Keeps watermarks that a known collector signed, and drops the reports that they cover. Others are ignored. */
  async takeWatermarks(envelopes: readonly Envelope[]): Promise<void> {
    const keys = this.#options.collectorKeys();
    for (const envelope of envelopes) {
      const watermark = await this.#readNew(envelope, keys).catch((error: unknown) => {
        this.#options.log.warn('watermark refused', { error });
        return null;
      });
      if (watermark === null) continue;
      this.#see(watermark);
      const { host, incarnation, sequence } = watermark;
      const line: Line = { watermark: envelope, number: { host, incarnation, sequence } };
      // Not waited for: without it the report goes up once more and the watermark comes back.
      this.#opened()
        .append(JSON.stringify(line))
        .catch((error: unknown) => this.#options.log.warn('watermark not kept', { error }));
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

  watermark(host: HostId): Envelope | null {
    return this.#watermarks.get(host)?.envelope ?? null;
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

  /** Parents answer each report with the newest watermark that they have: mostly one that is here. Null: it is not new. */
  async #readNew(envelope: Envelope, keys: readonly Uint8Array[]): Promise<KeptWatermark | null> {
    const isNew = (one: ReportNumber): boolean => supersedes(one, this.#watermarks.get(one.host));
    if (!isNew(claimOf(envelope))) return null;
    const watermark = await readWatermark(envelope, keys);
    return isNew(watermark) ? watermark : null;
  }

  #see(watermark: KeptWatermark): void {
    this.#watermarks.set(watermark.host, watermark);
    const report = this.#reports.get(watermark.host);
    if (report === undefined || !covers(watermark, report)) return;
    this.#bytes -= sizeOf(report);
    this.#reports.delete(watermark.host);
  }

  #replay(text: string): void {
    if (text === '') return;
    try {
      const line = JSON.parse(text) as Line;
      if (line.report !== undefined) this.#keep(readReport(line.report), line.over);
      else if (line.superseded !== undefined)
        for (const [hour, count] of line.superseded) this.#superseded.add(hour, count);
      else if (line.watermark !== undefined && line.number !== undefined && isHostId(line.number.host)) {
        this.#see({ ...line.number, envelope: line.watermark });
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
    yield JSON.stringify({ superseded: this.#superseded.hours() } satisfies Line);
    for (const { host, incarnation, sequence, envelope } of this.#watermarks.values()) {
      yield JSON.stringify({ watermark: envelope, number: { host, incarnation, sequence } } satisfies Line);
    }
    for (const { envelope } of this.#reports.values())
      yield JSON.stringify({ report: envelope } satisfies Line);
  }

  #opened(): LogFile {
    if (this.#log === undefined) throw new XylemError('E_INTERNAL', 'The spool is not open.');
    return this.#log;
  }
}

function sizeOf(report: SpooledReport): number {
  return Math.min(limits.report * 2, report.envelope.payload.length + 512);
}
