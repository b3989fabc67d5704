import { rm } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { Faults } from '../faults.ts';
import type { RelayLayout } from './layout.ts';
import { writeSmallFile } from './small-file.ts';

export interface RoomOptions {
  readonly layout: Pick<RelayLayout, 'root' | 'trial'>;
  readonly reserveBytes: number;
  /** Of the disk below a folder. */
  readonly freeBytes: (folder: string) => Promise<number>;
  readonly lookMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly faults: Faults;
  readonly signal: AbortSignal;
  /** Full now, or no more. */
  readonly onChanged: () => void;
}

const doing = 'room';
const trialBytes = 64 * 1024;

/** Whether the relay's disk is full (docs/spec/failover.md, A full disk). */
export class Room {
  readonly #options: RoomOptions;
  /** Monotonic milliseconds; null: there is room. */
  #fullSinceMs: number | null = null;
  #freeBytes: number | null = null;
  #isLow = false;
  /** A write failed whose work nobody repeats. */
  #isRefused = false;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#fullSinceMs !== null;
  }

  /** Null: it is not full. */
  fullForMs(): number | null {
    return this.#fullSinceMs === null ? null : this.#options.clock.monotonicMs() - this.#fullSinceMs;
  }

  /** Looks, again and again, until the signal. */
  async run(): Promise<void> {
    const { clock, lookMs, signal } = this.#options;
    while (!signal.aborted) {
      await this.look();
      await clock.sleep(lookMs, signal).catch(() => undefined);
    }
  }

  /** A write outside of what the relay tries again by itself failed. */
  refused(error: unknown): void {
    // A spool that has reached its own bound is no full disk.
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') return;
    this.#isRefused = true;
    this.#judge();
  }

  /** Faults came or went. */
  recount(): void {
    this.#judge();
    // What was free at the last look may be long ago.
    if (this.isFull && !this.#isTried()) void this.look();
  }

  async look(): Promise<void> {
    const { layout, reserveBytes, freeBytes, log, signal } = this.#options;
    try {
      this.#freeBytes = await freeBytes(layout.root);
      this.#isLow = this.#freeBytes < (this.#isLow ? 1.5 * reserveBytes : reserveBytes);
      if (this.#isRefused) this.#isRefused = !(await this.#takes());
    } catch (error) {
      log.warn('what is free on the disk is not known', { error });
    }
    if (signal.aborted) return;
    this.#judge();
    if (this.isFull) this.#say();
  }

  async #takes(): Promise<boolean> {
    const { trial } = this.#options.layout;
    try {
      await writeSmallFile(trial, Buffer.alloc(trialBytes));
      return true;
    } catch {
      return false;
    } finally {
      await rm(trial, { force: true });
    }
  }

  #judge(): void {
    const { faults, clock, log, onChanged } = this.#options;
    const isFull = this.#isLow || this.#isRefused || this.#isTried();
    if (isFull === this.isFull) return;
    this.#fullSinceMs = isFull ? clock.monotonicMs() : null;
    log.warn(isFull ? 'the disk is full' : 'the disk has room again', { freeBytes: this.#freeBytes });
    onChanged();
    if (isFull) void this.look();
    else faults.clear(doing);
  }

  /** Whether something fails for want of room that is tried again. */
  #isTried(): boolean {
    return this.#options.faults.hasBeside(doing, 'E_DISK_FULL');
  }

  #say(): void {
    const { faults, layout, reserveBytes } = this.#options;
    faults.set(
      doing,
      new XylemError(
        'E_DISK_FULL',
        `${this.#freeBytes ?? 'Nobody knows how many'} bytes are free below ${layout.root}: too little for what is new and a reserve of ${reserveBytes}. Free some, or give it a larger disk; until then its children have what is new from their next parent.`,
      ),
    );
  }
}
