import { type DesiredState, type Digest, type DomainId, type HostId, limits, lookUpHost } from '@xylem/core';
import type { Log } from '@xylem/platform';
import type { Repository } from '@xylem/store';
import type { Identity } from '@xylem/trust';

/** Where this relay pulls from: as its entry in the host map says, else as it joined. */
export class OwnParents {
  readonly #repository: Repository;
  readonly #identity: () => Identity;
  readonly #log: Log;
  #fromMap: readonly string[] | null = null;

  constructor(repository: Repository, identity: () => Identity, log: Log) {
    this.#repository = repository;
    this.#identity = identity;
    this.#log = log;
  }

  list(): readonly string[] {
    return this.#fromMap ?? this.#identity().parents;
  }

  /** Reads this host's entry in a desired state whose host map is here. */
  async learn(state: DesiredState): Promise<void> {
    const { host, environment } = this.#identity();
    if (state.environment !== environment.id) return;
    const domain = environment.id as string as DomainId;
    const node = async (digest: Digest): Promise<Uint8Array | undefined> =>
      (await this.#repository.readObject(domain, digest, limits.hostMapNode)) ?? undefined;
    try {
      const entry = await lookUpHost(state.hostMap as Digest, host as HostId, node);
      // An empty list would cut this relay off for ever.
      this.#fromMap = entry?.parents?.length ? entry.parents : null;
    } catch (error) {
      this.#log.warn('own entry of the host map not read', { error });
    }
  }
}
