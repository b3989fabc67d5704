import { isNodeUrl, jcs } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { readSmallFile, writeSmallFile } from './small-file.ts';

const format = 'xylem-relay-above-1';
const maxBytes = 1024 * 1024;

/** The nodes above the parent, nearest first, for a start while that is dead. Hints: whoever uses one checks its certificate. */
export class AboveFile {
  readonly #path: string;
  readonly #log: Log;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** None, where the file is absent or damaged, or can't be read: a parent says them again. */
  async read(): Promise<readonly string[]> {
    try {
      const bytes = await readSmallFile(this.#path, maxBytes);
      if (bytes === null) return [];
      const { above } = JSON.parse(bytes.toString()) as { above: readonly string[] };
      if (!above.every(isNodeUrl)) throw new Error('no list of addresses');
      return above;
    } catch (error) {
      this.#log.warn('nodes above the parent are not remembered', { error });
      return [];
    }
  }

  /** One write after the other. */
  write(above: readonly string[]): void {
    this.#writing = this.#writing.then(async () => {
      await writeSmallFile(this.#path, jcs({ format, above: [...above] })).catch((error: unknown) =>
        this.#log.warn('nodes above the parent are not kept', { error }),
      );
    });
  }

  /** When what was given to `write` is on the disk, as far as the disk takes it. */
  async written(): Promise<void> {
    await this.#writing;
  }
}
