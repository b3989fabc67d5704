import { lifetimes } from '@xylem/core';
import type { Costs } from './costs.ts';
import type { Tree } from './deliver.ts';

/** What a tree costs while nothing changes, and when a node's children all come back at once. */
export interface Standing {
  /** Of one core. */
  readonly idleRootCpuPercent: number;
  readonly rootMemoryMb: number;
  /** Of a relay of the lowest level. */
  readonly relayMemoryMb: number;
  /** Until all children of a node have shaken hands again. */
  readonly rootReconnectSeconds: number;
  readonly relayReconnectSeconds: number;
}

export function standing({ hosts, levels }: Tree, costs: Costs): Standing {
  const direct = levels[0] ?? hosts;
  const lowest = levels.at(-1) ?? 0;
  const children = lowest === 0 ? 0 : Math.ceil(hosts / lowest);
  const renewals = (direct * costs.rootIdleChildCpuMs) / lifetimes.heldNewsMs;
  const reports = (hosts * costs.rootReportCpuMs) / lifetimes.periodicReportMs;
  return {
    idleRootCpuPercent: 100 * (renewals + reports),
    rootMemoryMb: costs.rootMemoryMb + (direct * costs.rootConnectionKb) / 1024,
    relayMemoryMb: lowest === 0 ? 0 : costs.relayMemoryMb + (children * costs.relayConnectionKb) / 1024,
    rootReconnectSeconds: (direct * costs.rootHandshakeCpuMs) / 1000,
    relayReconnectSeconds: (children * costs.relayHandshakeCpuMs) / 1000,
  };
}
