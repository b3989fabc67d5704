import type { HostId } from '@xylem/core';
import type { HttpClient } from '@xylem/platform';
import { hostAt, type Revoked } from '@xylem/trust';
import type { Accepted } from '../direction/wanted.ts';

/** The hosts that this one speaks with no more, by the direction that it has accepted. */
export interface RevokedParents extends Revoked {
  /** Takes what newly accepted direction says, and ends what is open to whom it adds. */
  learn(accepted: Accepted | null): void;
  /** Connections of this client are ended when a host is added. */
  watch(http: HttpClient, caPem: () => string): void;
}

export function revokedParents(): RevokedParents {
  let hosts: ReadonlySet<HostId> = new Set();
  let generation = 0;
  let drop = (): void => undefined;
  return {
    has: (host) => hosts.has(host),
    get generation() {
      return generation;
    },
    learn: (accepted) => {
      const before = hosts;
      hosts = new Set((accepted?.revoked ?? []).map(({ host }) => host));
      if (![...hosts].some((host) => !before.has(host))) return;
      generation += 1;
      drop();
    },
    watch: (http, caPem) => {
      drop = () =>
        http.drop((socket) => {
          const host = hostAt(socket, caPem());
          return host !== null && hosts.has(host);
        });
    },
  };
}
