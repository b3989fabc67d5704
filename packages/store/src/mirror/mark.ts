import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import type { Clock } from '@xylem/platform';

const markEveryMs = 1_000;
/** Who brings more in that time is not held up by the disk: it would be behind what the line carries. */
const slowBytes = 1024 * 1024;

/** The first `end` bytes of a partial file were durable, with this SHA-256. */
export interface Mark {
  readonly end: number;
  readonly digest: string;
}

/**
 * How far a partial file came that takes long: what a loss of power leaves behind that is in doubt, and nothing before.
 * A line of one length is written over, so that a torn one is no mark, or a wrong one.
 */
export class MarkFile {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'monotonicMs'> | undefined;
  #since: { readonly ms: number; readonly end: number } | undefined;

  /** Without a clock a mark is made only where `make` is called. */
  constructor(partial: string, clock: Pick<Clock, 'monotonicMs'> | undefined) {
    this.#path = `${partial}.mark`;
    this.#clock = clock;
  }

  async read(): Promise<Mark | null> {
    const line = await readFile(this.#path, 'latin1').catch(() => '');
    const [, end, digest] = /^ *(\d{1,15}) ([0-9a-f]{64})\n$/.exec(line) ?? [];
    return end === undefined || digest === undefined ? null : { end: Number(end), digest };
  }

  /** Makes one now and then, where it comes slowly. @throws the file system's error */
  async soon(partial: FileHandle, end: number, digest: () => string): Promise<void> {
    if (this.#clock === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    this.#since ??= { ms: nowMs, end };
    if (nowMs - this.#since.ms < markEveryMs) return;
    if (end - this.#since.end <= slowBytes) await this.make(partial, { end, digest: digest() });
    this.#since = { ms: nowMs, end };
  }

  /** @throws the file system's error */
  async make(partial: FileHandle, { end, digest }: Mark): Promise<void> {
    await partial.datasync();
    const file = await open(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
    try {
      await file.write(`${String(end).padStart(15)} ${digest}\n`, 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
