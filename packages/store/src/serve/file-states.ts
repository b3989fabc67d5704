import { type Stats, stat } from 'node:fs';
import { isAbsent } from '../repository/faults.ts';
import { type OpenFile, openFile } from './open-file.ts';
import type { Servable } from './paths.ts';
import { etagOf } from './validators.ts';

/** Files up to so much are kept in memory, as long as they are asked for. */
export const mostKeptBytes = 64 * 1024;
const mostKeptStates = 2_000;
const mostKeptTotal = 8 * 1024 * 1024;

/** One content of one file. What lies at the path is compared with it for each request, or a few at a time. */
export class FileState {
  readonly path: string;
  readonly stats: Stats;
  readonly etag: string;
  /** Of every answer about it, in the shape that `writeHead` takes at once. */
  readonly headers: readonly string[];
  bytes: Buffer | null = null;
  #loading: Promise<Buffer | null> | null = null;
  #open: Promise<OpenFile | null> | null = null;

  constructor(path: string, servable: Servable, stats: Stats) {
    this.path = path;
    this.stats = stats;
    this.etag = etagOf(servable, stats);
    const cacheControl = servable.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
    this.headers = ['etag', this.etag, 'accept-ranges', 'bytes', 'cache-control', cacheControl];
  }

  isOf({ ino, size, mtimeMs, ctimeMs }: Stats): boolean {
    const own = this.stats;
    return own.ino === ino && own.size === size && own.mtimeMs === mtimeMs && own.ctimeMs === ctimeMs;
  }

  /** All of it, read once however many ask meanwhile; null: something else lies at the path by now. */
  load(onLoaded: (bytes: Buffer) => void): Promise<Buffer | null> {
    this.#loading ??= this.#read(onLoaded).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** To be left by who gets it; null: something else lies at the path by now. */
  async open(): Promise<OpenFile | null> {
    const shared = this.#open;
    if (shared !== null) {
      const file = await shared;
      // It may have been closed while this waited.
      if (file === null || this.#open !== shared) return this.open();
      file.join();
      return file;
    }
    const opening = this.#opened();
    this.#open = opening;
    return await opening;
  }

  async #opened(): Promise<OpenFile | null> {
    const forget = (): void => {
      this.#open = null;
    };
    try {
      const file = await openFile(this.path, forget);
      if (this.isOf(file.stats)) return file;
      await file.leave();
      return null;
    } catch (error) {
      forget();
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  async #read(onLoaded: (bytes: Buffer) => void): Promise<Buffer | null> {
    const file = await this.open();
    if (file === null) return null;
    try {
      const bytes = await file.read(0, this.stats.size);
      this.bytes = bytes;
      onLoaded(bytes);
      return bytes;
    } finally {
      await file.leave();
    }
  }
}

type Then = (error: Error | null, state: FileState | null) => void;

/**
 * What lies at paths, as it is asked for. **No request is answered by a look from before it came**: those that come
 * together share one look at the file, and what is kept in memory is used only while that look finds the same file.
 */
export class FileStates {
  readonly #states = new Map<string, FileState>();
  readonly #waiting = new Map<string, Then[]>();
  #keptBytes = 0;

  look(path: string, servable: Servable, then: Then): void {
    const others = this.#waiting.get(path);
    if (others !== undefined) {
      others.push(then);
      return;
    }
    const all = [then];
    this.#waiting.set(path, all);
    // After all requests that have arrived with this one.
    setImmediate(() => {
      this.#waiting.delete(path);
      stat(path, (error, stats) => {
        const state = error === null ? this.#stateOf(path, servable, stats) : null;
        for (const one of all) one(error, state);
      });
    });
  }

  /** Notes that a state has its bytes in memory now. */
  keep(state: FileState, bytes: Buffer): void {
    if (this.#states.get(state.path) !== state) return;
    this.#keptBytes += bytes.length;
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [path, oldest] of this.#states) {
      if (this.#keptBytes <= mostKeptTotal && this.#states.size <= mostKeptStates) break;
      this.#forget(path, oldest);
    }
  }

  #stateOf(path: string, servable: Servable, stats: Stats): FileState {
    const known = this.#states.get(path);
    if (known !== undefined) {
      if (known.isOf(stats)) {
        this.#states.delete(path);
        this.#states.set(path, known);
        return known;
      }
      this.#forget(path, known);
    }
    const state = new FileState(path, servable, stats);
    this.#states.set(path, state);
    this.#forgetOldest();
    return state;
  }

  #forget(path: string, state: FileState): void {
    this.#states.delete(path);
    this.#keptBytes -= state.bytes?.length ?? 0;
  }
}
