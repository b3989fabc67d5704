import {
  type DesiredState,
  type EnvironmentId,
  type HostId,
  jcs,
  type Revoked,
  revokedAfter,
} from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { readSmallFile, writeSmallFile } from './small-file.ts';

const format = 'xylem-relay-revoked-1';
const maxBytes = 64 * 1024 * 1024;

export interface RevokedHostsOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Hosts were added: what is open to them must be closed now. */
  readonly onRevoked: () => void;
}

/**
 * The hosts that this relay speaks with no more, by the direction of each environment that it ever accepted: also one
 * whose objects are still on their way, and also after a restart without a parent (docs/spec/identity.md).
 */
export class RevokedHosts {
  readonly #options: RevokedHostsOptions;
  readonly #byEnvironment = new Map<EnvironmentId, readonly Revoked[]>();
  #hosts: ReadonlySet<HostId> = new Set();
  /** Another number whenever a host was added: see trust's `clientTls`. */
  generation = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: RevokedHostsOptions) {
    this.#options = options;
  }

  /** A damaged file counts as none: what is served says it again, and so does the next direction. */
  static async open(options: RevokedHostsOptions): Promise<RevokedHosts> {
    const revoked = new RevokedHosts(options);
    try {
      const bytes = await readSmallFile(options.path, maxBytes);
      if (bytes === null) return revoked;
      const { environments } = JSON.parse(bytes.toString()) as { environments: Record<string, Revoked[]> };
      for (const [id, list] of Object.entries(environments)) {
        revoked.#byEnvironment.set(id as EnvironmentId, revokedAfter(list, [], options.clock.now()));
      }
      revoked.#gather();
    } catch (error) {
      options.log.warn('list of revoked hosts is damaged', { error });
    }
    return revoked;
  }

  has(host: HostId): boolean {
    return this.#hosts.has(host);
  }

  /** Takes what a verified desired state says. It holds at once; resolves when it is on the disk, as far as that takes it. */
  async learn({ environment, revoked = [] }: DesiredState): Promise<void> {
    const { clock, onRevoked } = this.#options;
    const before = this.#byEnvironment.get(environment) ?? [];
    const after = revokedAfter(before, revoked, clock.now());
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    if (after.length === 0) this.#byEnvironment.delete(environment);
    else this.#byEnvironment.set(environment, after);
    const former = this.#hosts;
    this.#gather();
    if ([...this.#hosts].some((host) => !former.has(host))) {
      this.generation += 1;
      onRevoked();
    }
    await this.#write();
  }

  #gather(): void {
    this.#hosts = new Set([...this.#byEnvironment.values()].flat().map(({ host }) => host));
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const environments = Object.fromEntries(this.#byEnvironment);
      await writeSmallFile(this.#options.path, jcs({ format, environments })).catch((error: unknown) =>
        this.#options.log.error('list of revoked hosts not kept', { error }),
      );
    });
    return this.#writing;
  }
}
