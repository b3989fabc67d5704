import {
  type Digest,
  type EnvironmentId,
  type HostId,
  isSince,
  type ProbeReport,
  preflightJob,
  type RecipientStatement,
  type Report,
  type ReportedComponent,
  type Time,
  timeMs,
  timeOf,
  type Version,
  type Waiting,
} from '@xylem/core';
import type { Observing } from '../adopt/adoption-file.ts';
import type { Adoption } from '../adopt/adoptions.ts';
import { reportedAdoption } from '../adopt/reported.ts';
import type { Convergence } from '../converge/converge.ts';
import type { Reason } from '../converge/goal.ts';
import { mayRestartHost } from '../converge/points.ts';
import type { Accepted } from '../direction/wanted.ts';
import type { Serving } from '../options.ts';
import type { CurrentParent } from '../parents/parents.ts';
import { type Revert, revertOf, revertText } from '../reverting/reverts.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import { installFingerprint, isRefused, type Placed, type Refusal } from '../slot/placed.ts';
import { cameBy, type Transfer } from '../transfer/record.ts';
import type { Facts } from './facts.ts';

/** What a report is made of; all but what the spool adds. */
export interface ReportInput {
  readonly host: HostId;
  readonly environment: EnvironmentId;
  /** PEM. */
  readonly certificate: string;
  readonly agent: Version;
  readonly name: string;
  readonly facts: Facts;
  readonly snapshot: number;
  readonly accepted: Accepted | null;
  readonly parent: CurrentParent | null;
  readonly serving: Serving | null;
  readonly convergence: Convergence;
  /** Components that are just being removed. */
  readonly removing: ReadonlySet<string>;
  /** What others changed about components, and what failed and was passed over. */
  readonly drift: readonly (readonly [component: string, reason: Reason])[];
  /** What people on this host took back. */
  readonly reverts: readonly Revert[];
  /** That this host follows direction in nothing but what it adopted; null: in everything. */
  readonly observing?: Observing | null;
  readonly adoptions?: readonly Adoption[];
  readonly healthy: (slot: ObservedSlot) => boolean | null;
  /** By component: how its last tree came. */
  readonly transfers?: ReadonlyMap<string, Transfer | null>;
  /** Whether what was left running for a return is well. */
  readonly warmIsWell?: (slot: ObservedSlot) => boolean | null;
  /** What concerns the whole host. */
  readonly faults: readonly Reason[];
  readonly secrets: RecipientStatement;
  readonly migrations: NonNullable<Report['migrations']>;
  readonly jobs?: NonNullable<Report['jobs']>;
  readonly probes?: readonly ProbeReport[];
  /** What came of testing a new parent; null, absent: none was tested. */
  readonly reparent?: Report['reparent'] | null;
  readonly transfer: Report['transfer'];
}

export type ReportBody = Omit<Report, 'format' | 'incarnation' | 'sequence' | 'time' | 'supersededTotal'>;

/** When each reason, and each first version that is on trial, was first seen: what `since` says of them. */
export type Since = Map<string, Time>;

/** When what stands under this key was first seen. */
type FirstSeen = (key: string) => Time;

/** What nobody asks about in this round is forgotten. */
function withFirstSeen<Built>(since: Since, nowMs: number, build: (firstSeen: FirstSeen) => Built): Built {
  const present = new Set<string>();
  const built = build((key) => {
    present.add(key);
    const first = since.get(key) ?? timeOf(nowMs);
    since.set(key, first);
    return first;
  });
  for (const key of since.keys()) if (!present.has(key)) since.delete(key);
  return built;
}

/** This host's full state. Only `since` is changed. */
export function buildReport(input: ReportInput, since: Since, nowMs: number): ReportBody {
  return withFirstSeen(since, nowMs, (firstSeen) => bodyOf(input, firstSeen, nowMs));
}

function bodyOf(input: ReportInput, firstSeen: FirstSeen, nowMs: number): ReportBody {
  const { accepted, parent, serving, convergence, jobs = [], probes = [], reparent = null } = input;
  return {
    host: input.host,
    environment: input.environment,
    certificate: input.certificate,
    secrets: input.secrets,
    ...quarantineOf(input),
    ...revertsOf(input),
    ...adoptionOf(input),
    ...(input.migrations.length === 0 ? {} : { migrations: input.migrations }),
    ...(jobs.length === 0 ? {} : { jobs }),
    ...(probes.length === 0 ? {} : { probes: [...probes] }),
    ...(reparent === null ? {} : { reparent }),
    knows: [preflightJob],
    agent: input.agent,
    name: accepted?.entry.name ?? input.name,
    facts: input.facts,
    direction: { snapshot: accepted?.snapshot ?? input.snapshot, number: accepted?.number ?? 0 },
    releases: (accepted?.releases ?? {}) as Report['releases'],
    parent: { url: parent?.url ?? null, host: (parent?.host ?? null) as HostId | null },
    ...(serving === null ? {} : { serves: servesOf(serving) }),
    components: [...convergence.slots.values()].flatMap((slot) => componentOf(slot, input, firstSeen, nowMs)),
    waiting: waitingOf(input, firstSeen),
    transfer: {
      ...input.transfer,
      refusedObjects: input.transfer.refusedObjects + (serving?.refusedObjects ?? 0),
    },
  };
}

function quarantineOf({ accepted, environment }: ReportInput): Pick<Report, 'quarantine'> {
  const memory = accepted?.quarantine;
  if (memory === undefined) return {};
  const held = [...new Set(memory.quarantined.map(({ id }) => id))].sort();
  return { quarantine: { operators: memory.operators[environment]?.number ?? 0, held } };
}

function revertsOf({ reverts }: ReportInput): Pick<Report, 'reverts'> {
  if (reverts.length === 0) return {};
  return {
    reverts: reverts.map(({ product, reason, since, by, kept }) => ({
      product,
      reason,
      since: since as Time,
      by,
      kept: kept.map(({ component, version }) => ({ component, version })),
    })),
  };
}

function adoptionOf({ observing = null, adoptions = [] }: ReportInput): Partial<ReportBody> {
  return {
    ...(observing === null ? {} : { observing: { ...observing, since: observing.since as Time } }),
    ...(adoptions.length === 0 ? {} : { adoptions: adoptions.flatMap(reportedAdoption) }),
  };
}

function servesOf(serving: Serving): Report['serves'] & object {
  const { url, children, supersededReports = 0, supersededReportsTotal = 0 } = serving;
  const carried = serving.carried?.() ?? [];
  return {
    url,
    children,
    ...(supersededReports === 0 ? {} : { superseded: supersededReports }),
    ...(supersededReportsTotal === 0 ? {} : { supersededTotal: supersededReportsTotal }),
    ...(carried.length === 0 ? {} : { carried }),
  } as Report['serves'] & object;
}

/** What a report says of something that was not taken. */
type Refused = Pick<
  Refusal,
  'package' | 'product' | 'kind' | 'version' | 'tree' | 'code' | 'message' | 'step' | 'retry' | 'since'
>;

function componentOf(
  slot: ObservedSlot,
  input: ReportInput,
  firstSeen: FirstSeen,
  nowMs: number,
): ReportedComponent[] {
  const { component, record } = slot;
  const assigned = input.accepted?.components.find((placed) => placed.component === component) ?? null;
  const refused = record?.refused ?? null;
  const counts =
    assigned === null ? null : (takenBack(assigned, input) ?? refusalThatCounts(refused, assigned));
  const running = runningPackage(slot, assigned);
  if (running === null) return counts === null ? [] : [failedInstall(component, counts)];
  // What has a process of its own.
  const isService = running.kind === 'service' || running.kind === 'container';
  const alive = slot.running?.alive === true;
  const isCommitted = record?.installed?.package === running.package;
  // A version on trial has not failed: the verdict is the commit, or `refused`.
  const whenDown = isCommitted && slot.running !== null ? 'failed' : 'stopped';
  const state = input.removing.has(component)
    ? 'removing'
    : isService
      ? alive
        ? 'running'
        : whenDown
      : isCommitted || !mayRestartHost(running.kind)
        ? 'installed'
        : 'stopped';
  const came = cameBy(input.transfers?.get(component) ?? null, running.tree);
  const previous = (isCommitted ? record?.previous[0] : record?.installed)?.package ?? null;
  return [
    {
      component,
      product: running.product,
      kind: running.kind,
      package: running.package,
      version: running.version,
      tree: running.tree,
      previous,
      state,
      healthy: isService && isCommitted ? alive && input.healthy(slot) : null,
      since: (record?.since ?? firstSeen(`${component} ${running.package}`)) as Time,
      ...(counts === null ? {} : { refused: refusedOf(counts) }),
      ...(came === null ? {} : { came }),
      ...(isCommitted && record.installed?.releaseVersion !== undefined
        ? { release: record.installed.releaseVersion }
        : {}),
      ...(isCommitted ? configOf(slot, assigned) : {}),
      ...(isCommitted && assigned?.package === running.package ? againOf(assigned, record.since, nowMs) : {}),
    },
  ];
}

/**
 * None while something that was not committed lies outside of the slot. Words of direction that come to the same count
 * as the newest ones: nothing is committed anew for them.
 */
function configOf({ record, running }: ObservedSlot, assigned: Placed | null): { config?: Digest } {
  const installed = record?.installed ?? null;
  if (installed === null) return {};
  const committed = installFingerprint(installed);
  const touched = running?.applied ?? running?.placed;
  if (touched !== undefined && installFingerprint(touched) !== committed) return {};
  const isAsSaid = assigned !== null && installFingerprint(assigned) === committed;
  const config = isAsSaid ? assigned.configDigest : installed.configDigest;
  return config === undefined ? {} : { config };
}

/** How long its bake still takes; a time of commit that lies ahead was written before a clock went back. */
function againOf(
  { bakeSeconds = 0 }: Placed,
  since: string,
  nowMs: number,
): Pick<ReportedComponent, 'again'> {
  const passedMs = Math.max(0, nowMs - timeMs(since as Time));
  const again = Math.ceil(bakeSeconds - passedMs / 1000);
  return again < 1 ? {} : { again };
}

function refusalThatCounts(refused: Refusal | null, assigned: Placed): Refused | null {
  return refused !== null && isRefused(refused, assigned) ? refused : null;
}

/** What direction gives and a person on this host took back counts as refused, so that a deployment knows at once. */
function takenBack(assigned: Placed, { reverts }: ReportInput): Refused | null {
  const revert = revertOf(assigned, reverts);
  const kept = revert?.kept.find(({ component }) => component === assigned.component);
  if (revert === undefined || kept === undefined || kept.package === assigned.package) return null;
  return { ...assigned, code: 'E_REVERTED', message: revertText(revert, kept), since: revert.since };
}

/**
 * What really is there, whatever the record says: the package whose tree `current` shows. A package that is still being
 * tried counts too, so that the root server sees what runs now.
 */
function runningPackage(slot: ObservedSlot, assigned: Placed | null): Placed | null {
  const known = [slot.record?.installed ?? null, assigned, ...(slot.record?.previous ?? [])];
  const shown = known.find((placed) => placed !== null && placed.tree === slot.current);
  return shown ?? null;
}

function failedInstall(component: string, refused: Refused): ReportedComponent {
  return {
    component,
    product: refused.product,
    kind: refused.kind,
    package: refused.package,
    version: refused.version,
    tree: refused.tree,
    previous: null,
    state: 'failed',
    healthy: false,
    since: refused.since as Time,
    refused: refusedOf(refused),
  };
}

function refusedOf({ package: digest, code, message, step, retry }: Refused): {
  package: Digest;
  code: string;
  message: string;
  step?: string;
  retry?: string;
} {
  return {
    package: digest,
    code,
    message,
    ...(step === undefined ? {} : { step }),
    ...(retry === undefined ? {} : { retry }),
  };
}

function waitingOf(input: ReportInput, firstSeen: FirstSeen): Waiting[] {
  const reasons: { component: string | null; reason: Reason }[] = [
    ...input.faults.map((reason) => ({ component: null, reason })),
    ...(input.serving?.faults ?? []).map(({ code, message }) => ({
      component: null,
      reason: { code, message: `As a relay: ${message}` },
    })),
    ...[...input.convergence.waiting].map(([component, reason]) => ({ component, reason })),
    ...input.drift.map(([component, reason]) => ({ component, reason })),
    ...[...input.convergence.slots.values()].flatMap(endedByItself),
    ...[...input.convergence.slots.values()].flatMap(notLookedAt),
    ...[...input.convergence.slots.values()].flatMap((slot) => coldReturn(slot, input)),
    ...[...input.convergence.slots.values()].flatMap(({ component, running }) =>
      (running?.notes ?? []).map((reason) => ({ component, reason })),
    ),
  ];
  return reasons.map(({ component, reason }): Waiting => {
    const { code, message, step } = reason;
    const at = step === undefined ? {} : { step };
    const since = firstSeen(`${component ?? ''} ${code}`);
    return { component, code, message: message.slice(0, 4_000), ...at, since };
  });
}

/** A committed service that its supervisor starts again and again; of one on trial the probe says it. */
function endedByItself({
  component,
  record,
  running,
}: ObservedSlot): { component: string; reason: Reason }[] {
  if (running?.ended === undefined || record?.installed?.tree !== running.tree) return [];
  return [{ component, reason: { code: 'E_SERVICE_ENDED', message: `${component}: ${running.ended}` } }];
}

function notLookedAt({ component, running }: ObservedSlot): { component: string; reason: Reason }[] {
  return running?.wrong === undefined ? [] : [{ component, reason: running.wrong }];
}

/** A return would not be as quick as everybody expects. */
function coldReturn(
  slot: ObservedSlot,
  { warmIsWell }: ReportInput,
): { component: string; reason: Reason }[] {
  if (warmIsWell?.(slot) !== false) return [];
  const { component, record } = slot;
  const message = `${component} ${record?.previous[0]?.version ?? ''}, kept running for a return, is not well any more: a return would start it anew.`;
  return [{ component, reason: { code: 'E_HEALTH_FAILED', message } }];
}

/** What must differ for a report to be sent: figures that always move do not count. Pure. */
export function changeKey(report: ReportBody): string {
  const {
    facts,
    transfer: _transfer,
    serves,
    waiting,
    components,
    probes = [],
    reparent,
    ...others
  } = report;
  // Where direction and releases stand: what they say to this host is told apart (`toldOf`).
  const { direction: _direction, releases: _releases, ...rest } = others;
  const { diskFreeBytes: _diskFreeBytes, ...steady } = facts;
  const changedMs = Math.max(0, ...components.map(({ since }) => timeMs(since)));
  return JSON.stringify({
    ...rest,
    reparent: reparent === undefined ? null : { order: reparent.order, code: reparent.code ?? null },
    // Each look is later and sees another time; that one was asked since the last change is said once.
    probes: probes.map(({ name, of, state, at }) => ({
      name,
      of,
      state,
      isSince: isSince(timeMs(at), changedMs),
    })),
    components: components.map(({ again: _again, ...one }) => one),
    facts: steady,
    serves:
      serves === undefined
        ? null
        : { url: serves.url, children: serves.children.map(({ host }) => host).sort() },
    // Messages may hold sizes and times that move at each attempt; what a host would do is news, and
    // what else was changed on it.
    waiting: waiting.map(({ component, code, since, message }) => ({
      component,
      code,
      since,
      ...(code === 'E_OBSERVING' || code === 'E_DRIFT' ? { message } : {}),
    })),
  });
}
