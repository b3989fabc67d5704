import {
  type HoldKind,
  type HostChange,
  isPassed,
  type PackageDocument,
  type Passing,
  passedByApproval,
  timeOf,
  type Urgency,
  urgencyOf,
  XylemError,
} from '@xylem/core';
import { type Holding, momentsOf } from '@xylem/core/windows';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import type { Database } from '../db/tables.ts';
import type { Candidate } from '../gates/gate.ts';
import { documentsOf } from '../migrations/rows.ts';
import type { HeardHost, Surveyed } from './facts.ts';

type Hold = NonNullable<PlanFound['holds']>[number];

/** When hosts may begin, by windows and freezes, and what holds them up. Their locks and quotas hosts alone know. */
export async function momentsFound(
  db: Database,
  surveyed: Surveyed,
  hosts: readonly HeardHost[],
  changes: readonly HostChange[],
): Promise<Pick<PlanFound, 'begins' | 'holds'>> {
  const { candidate } = surveyed;
  const urgency = urgencyFor(candidate);
  const looks = looksOf(candidate, hosts, urgency);
  return {
    begins: beginsOf(looks, candidate.nowMs),
    holds: holdsOf(candidate, urgency, looks, await lockedIn(db, surveyed, changes)),
  };
}

function holdsOf(
  { spec: { policy } }: Candidate,
  urgency: Urgency,
  looks: readonly Look[],
  locked: readonly Locked[],
): Hold[] {
  const hold = (kind: HoldKind, name: string | null, seen: Seen = { hosts: null, until: null }): Hold => ({
    hold: kind,
    name,
    passed: isPassed(urgency, { kind, name: name ?? undefined }, policy),
    ...seen,
  });
  const next = looks.flatMap(({ holding }) =>
    holding.flatMap(({ kind, name }) => (kind === 'windows' ? [name] : [])),
  );
  const windows = policy.windows === undefined ? [] : next.length === 0 ? [null] : [...new Set(next)];
  return [
    ...windows.map((name) => hold('windows', name, heldNow(looks, 'windows', name))),
    ...(policy.freezes ?? []).map(({ name }) => hold('freezes', name, heldNow(looks, 'freezes', name))),
    ...(policy.quota === undefined ? [] : [hold('quotas', null)]),
    ...locked.map(({ component, isGoing }) => {
      const found = hold('locks', component);
      // Direction says nothing of what goes, so nothing of that is urgent.
      return isGoing ? { ...found, passed: false } : found;
    }),
  ];
}

/** As its assignments will say it. */
const urgencyFor = ({ urgent, kind, passes, spec }: Candidate): Urgency =>
  urgent && kind === 'deploy' ? urgencyOf(passes.length === 0 ? undefined : passes, spec.policy) : {};

interface Look {
  /** When the host may begin; null: not in the next years. */
  readonly atMs: number | null;
  readonly holding: readonly Holding[];
}

/** Hosts with the same labels have the same windows: what a selector asks for is looked at once for each kind. */
function looksOf(
  { spec: { policy }, nowMs }: Candidate,
  hosts: readonly HeardHost[],
  urgency: Urgency,
): readonly Look[] {
  const known = new Map<string, Look>();
  const isPlain = [...(policy.windows ?? []), ...(policy.freezes ?? [])].every(
    ({ where }) => where === undefined,
  );
  return hosts.map(({ host: { id, name, labels } }) => {
    const key = isPlain
      ? ''
      : JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const moments = momentsOf(policy, { id, name, labels });
    const found = moments.eligible(urgency, nowMs);
    const look = { atMs: found.kind === 'open' ? nowMs : found.nextMs, holding: moments.holding(nowMs) };
    known.set(key, look);
    return look;
  });
}

function beginsOf(looks: readonly Look[], nowMs: number): PlanFound['begins'] {
  const later = looks
    .flatMap(({ atMs }) => (atMs === null || atMs <= nowMs ? [] : [atMs]))
    .sort((a, b) => a - b);
  const never = looks.filter(({ atMs }) => atMs === null).length;
  const at = (ms: number | undefined) => (ms === undefined ? null : timeOf(ms));
  return {
    now: looks.length - later.length - never,
    later: later.length,
    never,
    first: at(later[0]),
    last: at(later.at(-1)),
  };
}

type Seen = Pick<Hold, 'hosts' | 'until'>;

function heldNow(looks: readonly Look[], kind: Holding['kind'], name: string | null): Seen {
  let hosts = 0;
  let untilMs: number | null = 0;
  for (const { holding } of looks) {
    const one = holding.find((each) => each.kind === kind && each.name === name);
    if (one === undefined) continue;
    hosts += 1;
    untilMs = one.untilMs === null || untilMs === null ? null : Math.max(untilMs, one.untilMs);
  }
  return { hosts, until: hosts === 0 || untilMs === null ? null : timeOf(untilMs) };
}

interface Locked {
  readonly component: string;
  readonly isGoing: boolean;
}

/** Components that change and have a lock in what hosts run, in what has settled, or in what comes. */
async function lockedIn(
  db: Database,
  { candidate, hosts, coming }: Surveyed,
  changes: readonly HostChange[],
): Promise<readonly Locked[]> {
  const going = new Set(changes.flatMap(({ component, to }) => (to === null ? [component] : [])));
  const names = new Set([...coming.map(({ component }) => component), ...going]);
  const running = hosts.flatMap(({ report }) =>
    (report?.components ?? []).flatMap((one) => (names.has(one.component) ? [one.package] : [])),
  );
  const settled = (candidate.direction.settled?.release.packages ?? []).map((part) => part.package);
  const documents: readonly PackageDocument[] = [
    ...coming,
    ...(await documentsOf(db, [...running, ...settled])).values(),
  ];
  const locked = new Set(documents.flatMap((one) => (one.lock === undefined ? [] : [one.component])));
  return [...names]
    .filter((name) => locked.has(name))
    .sort()
    .map((component) => ({ component, isGoing: going.has(component) }));
}

/** A name that is nowhere would be approved and pass nothing. @throws XylemError E_INPUT with what there is */
export function refuseUnknownPasses(passes: readonly Passing[], found: readonly PlanFound[]): void {
  const going = new Set(
    found.flatMap(({ changes }) => changes.filter(({ to }) => to === null).map((one) => one.component)),
  );
  const holds = found
    .flatMap((one) => one.holds ?? [])
    .filter(({ hold, name }) => hold !== 'locks' || name === null || !going.has(name));
  for (const word of passedByApproval(passes)) {
    const [kind, name] = word.split(':');
    if (name === undefined || holds.some((one) => one.hold === kind && one.name === name)) continue;
    const known = [...new Set(holds.flatMap((one) => (one.hold === kind ? [`${kind}:${one.name}`] : [])))];
    const there = known.length === 0 ? `There are no ${kind}.` : `There is ${known.sort().join(', ')}.`;
    throw new XylemError('E_INPUT', `It passes ${word}, which no environment of the plan has. ${there}`);
  }
}
