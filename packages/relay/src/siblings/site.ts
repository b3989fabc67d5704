import {
  type DesiredState,
  type Digest,
  type DomainId,
  type HostId,
  type HostMapEntry,
  limits,
  lookUpHost,
  type NeighbourRelay,
} from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { Repository } from '@xylem/store';
import type { Identity } from '@xylem/trust';

const askedWithinMs = 2_000;

export interface SiteOptions {
  readonly repository: Repository;
  readonly identity: () => Identity;
  /** Relays that the parent names, by their own word. */
  readonly neighbours: () => readonly NeighbourRelay[];
  readonly isRevoked: (host: HostId) => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Which of the relays around are of this relay's site: those that the signed host map labels alike. */
export class Site {
  readonly #options: SiteOptions;
  #asking: Promise<unknown> = Promise.resolve();
  #number = 0;
  #hostMap: Digest | null = null;
  /** The label of each host that was looked up in `#hostMap`; null: it has none, or is no relay. */
  readonly #sites = new Map<HostId, string | null>();

  constructor(options: SiteOptions) {
    this.#options = options;
  }

  /** The parent is asked for the relays around: as long as none are known, that is waited for, but not for long. */
  asking(answer: Promise<unknown>): void {
    const { clock, signal } = this.#options;
    this.#asking = Promise.race([answer, clock.sleep(askedWithinMs, signal)]).catch(() => undefined);
  }

  /** Takes a verified desired state whose host map is here; one that is older than what is known says nothing. */
  learn({ environment, number, hostMap }: DesiredState): void {
    if (environment !== this.#options.identity().environment.id || number < this.#number) return;
    this.#number = number;
    if (hostMap === this.#hostMap) return;
    this.#hostMap = hostMap as Digest;
    this.#sites.clear();
  }

  async siblings(): Promise<readonly NeighbourRelay[]> {
    const { identity, neighbours, isRevoked, log } = this.#options;
    if (neighbours().length === 0) await this.#asking;
    const around = neighbours().filter(({ host }) => !isRevoked(host));
    if (around.length === 0 || this.#hostMap === null) return [];
    try {
      const own = await this.#siteOf(identity().host as HostId);
      if (own === null) return [];
      const sites = await Promise.all(around.map(({ host }) => this.#siteOf(host)));
      return around.filter((_, at) => sites[at] === own);
    } catch (error) {
      log.warn('relays of this site not read from the host map', { error });
      return [];
    }
  }

  async #siteOf(host: HostId): Promise<string | null> {
    const known = this.#sites.get(host);
    if (known !== undefined) return known;
    const { repository, identity } = this.#options;
    const hostMap = this.#hostMap as Digest;
    const domain = identity().environment.id as string as DomainId;
    const entry = await lookUpHost(
      hostMap,
      host,
      async (digest) => (await repository.readObject(domain, digest, limits.hostMapNode)) ?? undefined,
    );
    const site = siteIn(entry);
    if (hostMap === this.#hostMap) this.#sites.set(host, site);
    return site;
  }
}

function siteIn(entry: HostMapEntry | undefined): string | null {
  if (entry?.serve !== true || entry.retired === true) return null;
  return entry.labels['site'] ?? null;
}
