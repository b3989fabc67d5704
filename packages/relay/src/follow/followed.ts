import { type EnvironmentId, isEnvironmentId, jcs } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { readSmallFile, writeSmallFile } from '../state/small-file.ts';

const format = 'xylem-relay-followed-1';
/** As many as a news cursor may name. */
const mostEnvironments = 1000;
const writeEveryMs = 3_600_000;

export interface FollowedOptions {
  readonly path: string;
  /** The host's own environment: always followed. */
  readonly own: EnvironmentId;
  readonly followMs: number;
  /** Whether children are given something of an environment: one that exists, and is no mere word of a child. */
  readonly isServed: (environment: EnvironmentId) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** The environments that authorised children asked for lately, and the relay's own; kept over restarts. */
export class Followed {
  readonly #options: FollowedOptions;
  readonly #lastAsked = new Map<EnvironmentId, { atMs: number; writtenMs: number }>();
  #writing: Promise<void> = Promise.resolve();
  #isWriteDue = false;

  private constructor(options: FollowedOptions) {
    this.#options = options;
  }

  /** A damaged file counts as none: children ask again. */
  static async open(options: FollowedOptions): Promise<Followed> {
    const followed = new Followed(options);
    const bytes = await readSmallFile(options.path, 1024 * 1024);
    if (bytes === null) return followed;
    try {
      const { environments } = JSON.parse(bytes.toString()) as { environments: Record<string, unknown> };
      for (const [id, atMs] of Object.entries(environments)) {
        if (isEnvironmentId(id) && typeof atMs === 'number') {
          // A clock that was ahead must not keep an environment for ever.
          const at = Math.min(atMs, options.clock.now());
          followed.#lastAsked.set(id, { atMs: at, writtenMs: at });
        }
      }
    } catch (error) {
      options.log.warn('list of followed environments is damaged', { error });
    }
    return followed;
  }

  /** Notes that a child asked. @returns whether this environment is new here */
  asked(environment: EnvironmentId): boolean {
    if (environment === this.#options.own) return false;
    const now = this.#options.clock.now();
    const known = this.#lastAsked.get(environment);
    if (known === undefined && !this.#makeRoom()) return false;
    const isNew = known === undefined || known.atMs < now - this.#options.followMs;
    const isDue = isNew || now - known.writtenMs >= writeEveryMs;
    this.#lastAsked.set(environment, { atMs: now, writtenMs: isDue ? now : known.writtenMs });
    if (isDue) this.#writeSoon();
    return isNew;
  }

  /** Those that were never served go first, whoever was named longest ago. @returns whether there is room for one more */
  #makeRoom(): boolean {
    if (this.#lastAsked.size < mostEnvironments - 1) return true;
    for (const id of this.#lastAsked.keys()) {
      if (this.#options.isServed(id)) continue;
      this.#lastAsked.delete(id);
      return true;
    }
    return false;
  }

  list(): EnvironmentId[] {
    const since = this.#options.clock.now() - this.#options.followMs;
    const asked = [...this.#lastAsked].filter(([, { atMs }]) => atMs >= since).map(([id]) => id);
    return [this.#options.own, ...asked];
  }

  /** Drops those that nobody asked for in time. @returns them */
  async forget(): Promise<EnvironmentId[]> {
    const kept = new Set(this.list());
    const gone = [...this.#lastAsked.keys()].filter((id) => !kept.has(id));
    for (const id of gone) this.#lastAsked.delete(id);
    if (gone.length > 0) this.#writeSoon();
    await this.#writing;
    return gone;
  }

  /** When what `asked` noted is on the disk, as far as the disk takes it. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** However many ask meanwhile, one write follows the one that runs. */
  #writeSoon(): void {
    if (this.#isWriteDue) return;
    this.#isWriteDue = true;
    this.#writing = this.#writing.then(async () => {
      this.#isWriteDue = false;
      const environments = Object.fromEntries([...this.#lastAsked].map(([id, { atMs }]) => [id, atMs]));
      await writeSmallFile(this.#options.path, jcs({ format, environments })).catch((error: unknown) =>
        this.#options.log.warn('list of followed environments not kept', { error }),
      );
    });
  }
}
