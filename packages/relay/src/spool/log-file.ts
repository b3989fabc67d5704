import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '@xylem/core';
import { syncFolder } from '@xylem/platform';
import { storageFault } from '../state/small-file.ts';
import { linesOf } from './lines.ts';

/** A report of the largest size in its envelope, twice over. */
const mostLineBytes = 4 * limits.report;

interface Waiting {
  readonly line: string;
  done(): void;
  failed(error: unknown): void;
}

/**
 * Lines that survive SIGKILL and power loss once `append` has returned. Many appends at once share one write and one
 * sync. `rewrite` replaces the whole by a shorter equivalent.
 *
 * Invariant: the newest `log-<n>` is a complete account; an older one that is still there is not needed any more. The
 * last line may be torn: nobody was told that it is kept.
 */
export class LogFile {
  readonly #folder: string;
  #number: number;
  #file: FileHandle;
  #sizeBytes: number;
  #waiting: Waiting[] = [];
  #busy: Promise<void> | null = null;
  /** After a write that failed in the middle and could not be taken back. */
  #isTorn = false;
  #rewrittenBytes = 0;
  #isClosed = false;

  private constructor(folder: string, number: number, file: FileHandle, sizeBytes: number) {
    this.#folder = folder;
    this.#number = number;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /** Opens or makes the log and gives each whole line, in order, to `read`. */
  static async open(folder: string, read: (line: string) => void): Promise<LogFile> {
    try {
      await mkdir(folder, { recursive: true });
      const names = await readdir(folder);
      for (const name of names) if (name.startsWith('.tmp-')) await unlink(join(folder, name));
      const numbers = names
        .map((name) => /^log-([0-9]{1,15})$/.exec(name)?.[1])
        .filter((text) => text !== undefined)
        .map(Number)
        .sort((a, b) => b - a);
      const number = numbers[0] ?? 1;
      for (const old of numbers.slice(1)) await unlink(join(folder, `log-${old}`));
      const path = join(folder, `log-${number}`);
      const file = await open(path, 'a');
      await syncFolder(folder);
      const { size } = await file.stat();
      if (size > 0) for await (const line of linesOf(path, mostLineBytes)) read(line);
      // A torn last line must not swallow the next one.
      const { bytesWritten } = size > 0 ? await file.write('\n') : { bytesWritten: 0 };
      return new LogFile(folder, number, file, size + bytesWritten);
    } catch (error) {
      throw storageFault(error, folder);
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** What the log had when it was last rewritten; 0: not since it was opened. */
  get rewrittenBytes(): number {
    return this.#rewrittenBytes;
  }

  /**
   * Resolves when the line is on the disk. `onKept` is called right then, before any rewrite can begin: what a rewrite
   * gives must hold what was kept.
   * @throws XylemError E_DISK_FULL, E_STORAGE
   */
  append(line: string, onKept: () => void = () => undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        onKept();
        resolve();
      };
      this.#waiting.push({ line, done, failed: reject });
      this.#next();
    });
  }

  /** Replaces the log by these lines; appends wait meanwhile. */
  async rewrite(lines: () => Iterable<string>): Promise<void> {
    while (this.#busy !== null) await this.#busy;
    if (this.#isClosed) return;
    this.#busy = this.#rewrite(lines).finally(() => {
      this.#busy = null;
      this.#next();
    });
    await this.#busy;
  }

  async close(): Promise<void> {
    while (this.#busy !== null) await this.#busy;
    this.#isClosed = true;
    await this.#file.close();
  }

  #next(): void {
    if (this.#busy !== null || this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#busy = this.#write(batch).finally(() => {
      this.#busy = null;
      this.#next();
    });
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const text = batch.map(({ line }) => `${line}\n`).join('');
    const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
    try {
      await this.#file.writeFile(bytes);
      await this.#file.datasync();
      this.#sizeBytes += bytes.length;
      this.#isTorn = false;
      for (const { done } of batch) done();
    } catch (error) {
      const fault = storageFault(error, join(this.#folder, `log-${this.#number}`));
      // What was written of the batch must not run into the next line.
      this.#isTorn = true;
      await this.#file.truncate(this.#sizeBytes).catch(() => undefined);
      for (const { failed } of batch) failed(fault);
    }
  }

  async #rewrite(lines: () => Iterable<string>): Promise<void> {
    const next = join(this.#folder, `log-${this.#number + 1}`);
    const temporary = join(this.#folder, `.tmp-log-${this.#number + 1}`);
    let file: FileHandle | undefined;
    try {
      file = await open(temporary, 'w');
      let text = '';
      let sizeBytes = 0;
      const flush = async (): Promise<void> => {
        await file?.writeFile(text);
        sizeBytes += Buffer.byteLength(text);
        text = '';
      };
      for (const line of lines()) {
        text += `${line}\n`;
        if (text.length > 2 ** 20) await flush();
      }
      await flush();
      await file.sync();
      await file.close();
      file = undefined;
      await rename(temporary, next);
      await syncFolder(this.#folder);
      const appending = await open(next, 'a');
      const former = this.#file;
      this.#file = appending;
      this.#sizeBytes = sizeBytes;
      this.#rewrittenBytes = sizeBytes;
      this.#isTorn = false;
      this.#number += 1;
      await former.close().catch(() => undefined);
      // One that stays is removed when the log is opened.
      await unlink(join(this.#folder, `log-${this.#number - 1}`)).catch(() => undefined);
    } catch (error) {
      await file?.close().catch(() => undefined);
      await unlink(temporary).catch(() => undefined);
      // The old one is appended to further: a newer one beside it would count for more.
      await unlink(next).catch(() => undefined);
      throw storageFault(error, next);
    }
  }
}
