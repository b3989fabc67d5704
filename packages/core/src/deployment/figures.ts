import type { HostId } from '../ids.ts';
import type { HostCounts } from '../metrics/metric.ts';
import { givenUp, lastLook, lookedAt, lookShares } from '../statistics/looks.ts';
import { noRequests, type RequestState, type RequestTest, type RequestUnit } from '../statistics/requests.ts';
import { isAdmitted } from './counts.ts';
import type { CanaryState, HostEvidence, Judging } from './deployment.ts';
import { isExposedSince, type Turn, type Turns } from './turns.ts';

/** What an update is judged by besides reports, as the environment's policy said when it began. */
export interface JudgedMetric {
  readonly name: string;
  readonly test: RequestTest;
}

/** Asked for in a step while it bakes, and once more when all that it exposed has baked. */
export interface FiguresWanted {
  readonly step: number;
  /** Which look within the bake, from 0; absent: the one at its end. */
  readonly look?: number;
  /** A window in which all of them ran the release, milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What sources said of a step: by metric, of hosts by their ids, or why nothing could be had. */
export interface Figures {
  readonly step: number;
  readonly look?: number;
  readonly metrics: Readonly<
    Record<string, { readonly hosts: readonly HostCounts[] } | { readonly fault: string }>
  >;
}

const metricsOf = ({ metrics = [] }: Judging): readonly JudgedMetric[] => metrics;

/** What a metric has shown until now. */
export function requestsOf({ requests = {} }: CanaryState, { name, test }: JudgedMetric): RequestState {
  return (Object.hasOwn(requests, name) ? requests[name] : undefined) ?? noRequests(test);
}

/** Whether the figures of the present step are known, or none are needed: it has exposed nobody who could have some. */
export function isMeasured(judging: Judging, canary: CanaryState, turns: Turns): boolean {
  if (metricsOf(judging).length === 0 || canary.measured === canary.step || canary.asked === 'waived')
    return true;
  return !turns.all().some((turn) => isExposedSince(turn, canary.since));
}

/** The window of a step whose hosts have all baked: the last part of their bakes, which they have in common. */
export function figuresWanted({ bakeSeconds }: Judging, { step }: CanaryState, now: number): FiguresWanted {
  return { step, fromMs: now - bakeSeconds * 1000, toMs: now };
}

/** The first look of the present step that is not over. */
const nextLook = ({ step, looked }: CanaryState): number => (looked?.step === step ? looked.looks : 0);

/** For how long a host has been well with the release by a look, in milliseconds. */
const lookAfterMs = ({ bakeSeconds }: Judging, look: number): number =>
  Math.ceil(bakeSeconds * 1000 * (lookShares[look] ?? 1));

const agesOf = ({ since }: CanaryState, turns: readonly Turn[], now: number): number[] =>
  turns.flatMap((turn) => (isExposedSince(turn, since) ? [now - (turn.host.doneAt ?? now)] : []));

/**
 * The look that is due within the bake of the present step: once all hosts that it exposed and that may begin have been
 * well for so long, or half of them until the look after it. The last look, at the end, is another matter: it is for a
 * step that would be passed.
 */
export function lookWanted(
  judging: Judging,
  canary: CanaryState,
  turns: Turns,
  now: number,
): FiguresWanted | null {
  if (isMeasured(judging, canary, turns)) return null;
  const due = momentsOf(judging, canary, turns.all(), now).findLast(({ at }) => at <= now);
  if (due === undefined) return null;
  const { look } = due;
  return { step: canary.step, look, fromMs: now - lookAfterMs(judging, look), toMs: now };
}

/** When the next look, or the end of a bake, comes by time alone; null: none does. */
export function lookDue(judging: Judging, canary: CanaryState, turns: Turns, now: number): number | null {
  const end = turns.nextBakeEnd(canary.since);
  const looks = isMeasured(judging, canary, turns) ? [] : momentsOf(judging, canary, turns.all(), now);
  const ahead = [...(end === null ? [] : [end]), ...looks.map(({ at }) => at)].filter((at) => at > now);
  return ahead.length === 0 ? null : ahead.reduce((a, b) => Math.min(a, b));
}

/** The looks within the present bake that are not over, and when each is due, as far as that is known. */
function momentsOf(
  judging: Judging,
  canary: CanaryState,
  turns: readonly Turn[],
  now: number,
): { readonly look: number; readonly at: number }[] {
  const of = turns.filter(
    ({ host, standing }) =>
      isAdmitted(host) &&
      (host.admittedAt ?? 0) >= canary.since &&
      (standing === 'done' || (standing === 'updating' && !host.keptBack)),
  ).length;
  const oldest = agesOf(canary, turns, now).sort((a, b) => b - a);
  const age = (count: number): number => oldest[count - 1] ?? Number.NEGATIVE_INFINITY;
  const [all, half] = [age(of), age(Math.ceil(of / 2))];
  const looks: { look: number; at: number }[] = [];
  for (let look = nextLook(canary); look < lastLook; look += 1) {
    const inMs = Math.min(lookAfterMs(judging, look) - all, lookAfterMs(judging, look + 1) - half);
    if (Number.isFinite(inMs)) looks.push({ look, at: now + inMs });
  }
  return looks;
}

export interface Measured {
  readonly canary: CanaryState;
  /** Why the step is not measured; null: it is, or nothing was said of it. */
  readonly fault: string | null;
}

/**
 * The state after figures. The hosts that the step exposed are compared with those that are watched as controls, each in
 * its stratum; all metrics count together, or none: what can't be had is had again. A metric that knows none of the
 * exposed hosts says nothing, which is a fault; within a bake there is another look.
 */
export function measured(
  judging: Judging,
  canary: CanaryState,
  turns: Turns,
  stratumOf: (host: HostEvidence) => string,
  figures: Figures | undefined,
  now: number,
): Measured {
  const nothing = { canary, fault: null };
  if (figures === undefined || figures.step !== canary.step || isMeasured(judging, canary, turns))
    return nothing;
  const from = nextLook(canary);
  const look = figures.look ?? lastLook;
  if (look < from) return nothing;
  const requests = { ...canary.requests };
  const faults: string[] = [];
  const ageMs = figures.look === undefined ? null : lookAfterMs(judging, look);
  for (const { name, test } of metricsOf(judging)) {
    const found = Object.hasOwn(figures.metrics, name) ? figures.metrics[name] : undefined;
    if (found === undefined || 'fault' in found) {
      faults.push(`${name}: ${found?.fault ?? 'nothing was said'}`);
      continue;
    }
    const looked = turns
      .all()
      .filter(({ host }) => ageMs === null || now - (host.doneAt ?? now) >= ageMs || !isAdmitted(host));
    const blocks = blocksOf(canary, looked, stratumOf, found.hosts);
    if (!blocks.some((units) => units.some(({ arm }) => arm === 'exposed'))) {
      faults.push(`${name}: no figures of the hosts that have it`);
      continue;
    }
    requests[name] = lookedAt(test, requestsOf(canary, { name, test }), from, look, blocks);
  }
  if (faults.length > 0) return look < lastLook ? nothing : { canary, fault: faults.join('; ') };
  return look < lastLook
    ? { canary: { ...canary, looked: { step: canary.step, looks: look + 1 }, requests }, fault: null }
    : { canary: { ...canary, measured: canary.step, requests }, fault: null };
}

/** The state as a step is left: one that a person let pass without its figures keeps what looks within its bake said. */
export function leftStep(judging: Judging, canary: CanaryState): CanaryState {
  if (canary.requests === undefined || canary.looked?.step !== canary.step || canary.measured === canary.step)
    return canary;
  const requests = { ...canary.requests };
  for (const metric of metricsOf(judging))
    requests[metric.name] = givenUp(metric.test, requestsOf(canary, metric), nextLook(canary));
  return { ...canary, requests };
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
  for (const turn of turns) {
    const { host } = turn;
    const arm = armOf(turn, since);
    const figures = counts.get(host.id satisfies HostId);
    if (arm === null || figures === undefined || figures.all <= 0) continue;
    const stratum = stratumOf(host);
    const block = blocks.get(stratum) ?? [];
    blocks.set(stratum, block);
    block.push({ id: host.id, arm, good: figures.all - figures.bad, bad: figures.bad });
  }
  return [...blocks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, units]) => units);
}

function armOf(turn: Turn, since: number): RequestUnit['arm'] | null {
  const { host } = turn;
  if (!isAdmitted(host)) return host.watched?.as === 'control' ? 'control' : null;
  return isExposedSince(turn, since) ? 'exposed' : null;
}
