import type { HostId } from '../ids.ts';
import type { HostCounts } from '../metrics/metric.ts';
import {
  noRequests,
  type RequestState,
  type RequestTest,
  type RequestUnit,
  updateRequests,
} from '../statistics/requests.ts';
import type { CanaryState, CanaryStrategy, HostEvidence } from './deployment.ts';
import { isAdmitted, type Turn } from './turns.ts';

/** What a canary is judged by besides reports, as the environment's policy said when it began. */
export interface JudgedMetric {
  readonly name: string;
  readonly test: RequestTest;
}

/** Asked for once in a step, when all that it exposed has baked. */
export interface FiguresWanted {
  readonly step: number;
  /** A window in which all of them ran the release, milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What sources said of a step: by metric, of hosts by their ids, or why nothing could be had. */
export interface Figures {
  readonly step: number;
  readonly metrics: Readonly<
    Record<string, { readonly hosts: readonly HostCounts[] } | { readonly fault: string }>
  >;
}

const metricsOf = ({ metrics = [] }: CanaryStrategy): readonly JudgedMetric[] => metrics;

/** What a metric has shown until now. */
export function requestsOf({ requests = {} }: CanaryState, { name, test }: JudgedMetric): RequestState {
  return (Object.hasOwn(requests, name) ? requests[name] : undefined) ?? noRequests(test);
}

/** Whether the figures of the present step are known, or none are needed: it has exposed nobody who could have some. */
export function isMeasured(strategy: CanaryStrategy, canary: CanaryState, turns: readonly Turn[]): boolean {
  if (metricsOf(strategy).length === 0 || canary.measured === canary.step || canary.asked === 'waived')
    return true;
  return !turns.some(({ host, standing }) => armOf(host, standing === 'done', canary.since) === 'exposed');
}

/** The window of a step whose hosts have all baked: the last part of their bakes, which they have in common. */
export function figuresWanted(
  { bakeSeconds }: CanaryStrategy,
  { step }: CanaryState,
  now: number,
): FiguresWanted {
  return { step, fromMs: now - bakeSeconds * 1000, toMs: now };
}

export interface Measured {
  readonly canary: CanaryState;
  /** Why the step is not measured; null: it is, or nothing was said of it. */
  readonly fault: string | null;
}

/**
 * A canary after figures. The hosts that the step exposed are compared with those that are watched as controls, each in
 * its stratum; all metrics count together, or none: what can't be had is had again. A metric that knows none of the
 * exposed hosts says nothing, which is a fault.
 */
export function measured(
  strategy: CanaryStrategy,
  canary: CanaryState,
  turns: readonly Turn[],
  stratumOf: (host: HostEvidence) => string,
  figures: Figures | undefined,
): Measured {
  if (figures === undefined || figures.step !== canary.step || isMeasured(strategy, canary, turns))
    return { canary, fault: null };
  const requests = { ...canary.requests };
  const faults: string[] = [];
  for (const { name, test } of metricsOf(strategy)) {
    const found = Object.hasOwn(figures.metrics, name) ? figures.metrics[name] : undefined;
    if (found === undefined || 'fault' in found) {
      faults.push(`${name}: ${found?.fault ?? 'nothing was said'}`);
      continue;
    }
    const blocks = blocksOf(canary, turns, stratumOf, found.hosts);
    if (!blocks.some((units) => units.some(({ arm }) => arm === 'exposed'))) {
      faults.push(`${name}: no figures of the hosts that have it`);
      continue;
    }
    requests[name] = blocks.reduce(
      (state, units) => updateRequests(test, state, units),
      requestsOf(canary, { name, test }),
    );
  }
  if (faults.length > 0) return { canary, fault: faults.join('; ') };
  return { canary: { ...canary, measured: canary.step, requests }, fault: null };
}

/** By stratum, in the order of their names: the hosts that this step exposed and those that are not exposed yet. */
function blocksOf(
  { since }: CanaryState,
  turns: readonly Turn[],
  stratumOf: (host: HostEvidence) => string,
  hosts: readonly HostCounts[],
): readonly (readonly RequestUnit[])[] {
  const counts = new Map(hosts.map((one) => [one.host, one]));
  const blocks = new Map<string, RequestUnit[]>();
  for (const { host, standing } of turns) {
    const arm = armOf(host, standing === 'done', since);
    const figures = counts.get(host.id satisfies HostId);
    if (arm === null || figures === undefined || figures.all <= 0) continue;
    const stratum = stratumOf(host);
    const block = blocks.get(stratum) ?? [];
    blocks.set(stratum, block);
    block.push({ id: host.id, arm, good: figures.all - figures.bad, bad: figures.bad });
  }
  return [...blocks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, units]) => units);
}

function armOf(host: HostEvidence, isDone: boolean, since: number): RequestUnit['arm'] | null {
  if (!isAdmitted(host)) return host.watched?.as === 'control' ? 'control' : null;
  return isDone && (host.admittedAt ?? 0) >= since ? 'exposed' : null;
}
