import { type RepositoryId, XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { type ObjectSource, type Repository, wholeFile } from '@xylem/store';
import { metadataPath, readTimestamp, TufClient } from '@xylem/trust';
import type { Upstream } from '../upstream/upstream.ts';
import { type NewsPieces, noPieces } from './news-pieces.ts';

export interface TufCopyOptions {
  readonly id: RepositoryId;
  readonly pinnedRoot: Uint8Array;
  readonly trustFolder: string;
  readonly repository: Repository;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * One TUF repository that this relay follows: checked as a host checks it, then written for children.
 *
 * One use at a time: the client fetches from the source of the attempt that runs.
 */
export class TufCopy {
  readonly id: RepositoryId;
  readonly client: TufClient;
  readonly #options: TufCopyOptions;
  #source: ObjectSource | null = null;
  #pieces: NewsPieces = noPieces;
  #queue: Promise<unknown> = Promise.resolve();
  /** Targets read since the start: path below the repository and bytes. */
  readonly #targets = new Map<string, Uint8Array>();

  constructor(options: TufCopyOptions) {
    this.id = options.id;
    this.#options = options;
    this.client = new TufClient({
      id: options.id,
      pinnedRoot: options.pinnedRoot,
      stateFolder: options.trustFolder,
      fetchMetadata: (path, maxBytes) => this.#fetch(path, maxBytes),
      clock: options.clock,
      log: options.log,
    });
  }

  /** Runs `use` with the parents as sources, one after the other, until one serves. */
  async attempt<T>(use: (client: TufClient) => Promise<T>, pieces: NewsPieces = noPieces): Promise<T> {
    return await this.#exclusively(async () => {
      const { upstream, signal } = this.#options;
      this.#pieces = pieces;
      return await upstream.attempt(
        `r/${this.id}`,
        async (source) => {
          this.#source = source;
          return await use(this.client);
        },
        signal,
      );
    });
  }

  /** Reads a target and keeps it for `publish`. Null: nobody vouches for it. */
  async readTarget(
    client: TufClient,
    path: string,
    maxBytes: number,
    vouchedSnapshot?: number,
  ): Promise<{ filePath: string; bytes: Uint8Array } | null> {
    const options = vouchedSnapshot === undefined ? {} : { vouchedSnapshot };
    const info = await client.target(path, options);
    const bytes = info === null ? null : await client.readTarget(path, maxBytes, options);
    if (info === null || bytes === null) return null;
    this.#targets.set(info.filePath, bytes);
    return { filePath: info.filePath, bytes };
  }

  /**
   * Writes what is verified to the served folder: targets, roots, roles, snapshot; then runs `before` with the paths of
   * all that is current; last the timestamp, which makes it visible. What is there already is not written again.
   */
  async publish(
    before: (paths: readonly string[]) => Promise<void> = async () => undefined,
  ): Promise<string[]> {
    return await this.#exclusively(async () => {
      const { repository } = this.#options;
      const paths: string[] = [];
      const put = async (name: string, bytes: Uint8Array): Promise<void> => {
        const path = `r/${this.id}/${name}`;
        const present = await repository.readFile(path).catch(() => null);
        if (present === null || !present.equals(bytes)) await repository.putFile(path, bytes);
      };
      const newest = metadataPath('timestamp', 0);
      const files = await this.client.exportMetadata();
      for (const [name, bytes] of this.#targets) {
        await put(name, bytes);
        paths.push(`r/${this.id}/${name}`);
      }
      for (const { path, bytes } of files) {
        if (path === newest) continue;
        await put(path, bytes);
        paths.push(`r/${this.id}/${path}`);
      }
      await before(paths);
      const timestamp = files.find(({ path }) => path === newest);
      if (timestamp !== undefined) await put(newest, timestamp.bytes);
      return paths;
    });
  }

  /** Forgets targets that are not among these paths below the repository. */
  keepTargets(paths: ReadonlySet<string>): void {
    for (const path of this.#targets.keys()) if (!paths.has(path)) this.#targets.delete(path);
  }

  /** When the newest trusted timestamp was signed, milliseconds; 0: none or not said. */
  async issuedMs(): Promise<number> {
    const files = await this.client.exportMetadata();
    const timestamp = files.find(({ path }) => path === metadataPath('timestamp', 0));
    return timestamp === undefined ? 0 : (readTimestamp(timestamp.bytes).issuedMs ?? 0);
  }

  async #fetch(path: string, maxBytes: number): Promise<Uint8Array | null> {
    const full = `r/${this.id}/${path}`;
    const known = this.#pieces.file(full);
    // A missing file is believed from the news; a lie costs one more try without it.
    if (known !== undefined) return known;
    if (this.#source === null) {
      throw new XylemError('E_METADATA_MISSING', `${full} is not kept here and nobody may be asked now.`);
    }
    return await wholeFile(this.#source, full, maxBytes, this.#options);
  }

  async #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(action);
    this.#queue = result
      .catch(() => undefined)
      .then(() => {
        this.#source = null;
        this.#pieces = noPieces;
      });
    return await result;
  }
}
