import {
  assignmentsFor,
  configDigest,
  type DesiredState,
  type Digest,
  type HostAssignment,
  type HostDirection,
  type HostId,
  type HostMapEntry,
  type Report,
  timeOf,
} from '@xylem/core';
import type { Host, HostComponent } from '../api/schemas/hosts.ts';
import type { HostRecord } from './host-rows.ts';

export type HostState = Host['state'];

/** What a report says beside direction: its host's state as far as neither its row nor the clock has a word in it. */
export type SaidState = Extract<HostState, 'failed' | 'waiting' | 'updating' | 'ok'>;

/** A host as it is beside what it should be. */
export interface HostView {
  readonly host: HostRecord;
  readonly report: Report | null;
  readonly receivedMs: number | null;
  readonly direction: HostDirection;
  readonly components: readonly HostComponent[];
  readonly state: HostState;
}

/** What is directed to a host: the desired state (null: none yet) and the host's entry in the host map. */
export interface Directed {
  readonly state: DesiredState | null;
  readonly entry: HostMapEntry;
}

const nothing: HostDirection = { assignments: [], held: [] };

/** Reports that may be missed before a host counts as silent. */
const silentPeriods = 3;
/** A report may be a while on its way through relays. */
const leewayMs = 60_000;

/** How long after its last report a host counts as silent. */
export const silentAfterMs = (reportEverySeconds: number): number =>
  silentPeriods * reportEverySeconds * 1000 + leewayMs;

/** Compares one host's newest report with what direction says to it. */
export function viewHost(
  host: HostRecord,
  report: { readonly report: Report; readonly receivedMs: number } | null,
  { state, entry }: Directed,
  nowMs: number,
): HostView {
  const direction =
    state === null || host.retired ? nothing : assignmentsFor(state, host.id as HostId, entry);
  const wanted = direction.assignments;
  const components = joinComponents(report?.report ?? null, wanted);
  const receivedMs = report?.receivedMs ?? null;
  const silentMs = silentAfterMs(state?.policy.reportEverySeconds ?? 3600);
  return {
    host,
    report: report?.report ?? null,
    receivedMs,
    direction,
    components,
    state: stateOf(host, report, packagesOf(wanted), nowMs, silentMs),
  };
}

function joinComponents(report: Report | null, wanted: readonly HostAssignment[]): HostComponent[] {
  const names = new Set([
    ...wanted.map((w) => w.component),
    ...(report?.components ?? []).map((c) => c.component),
  ]);
  return [...names].sort().map((component) => {
    const is = report?.components.find((c) => c.component === component);
    const should = wanted.find((w) => w.component === component);
    return {
      component,
      product: is?.product ?? should?.product ?? null,
      version: is?.version ?? null,
      package: is?.package ?? null,
      state: is?.state ?? null,
      healthy: is?.healthy ?? null,
      since: is?.since ?? null,
      refused: is?.refused ?? null,
      wantedVersion: should?.version ?? null,
      wantedPackage: should?.package ?? null,
      configuration: configurationOf(is?.config, should),
    };
  });
}

function configurationOf(
  config: string | undefined,
  should: HostAssignment | undefined,
): HostComponent['configuration'] {
  if (config === undefined || should === undefined) return null;
  return config === configDigest(should.config) ? 'assigned' : 'other';
}

function stateOf(
  host: HostRecord,
  heard: { readonly report: Report; readonly receivedMs: number } | null,
  wanted: Wanted,
  nowMs: number,
  silentMs: number,
): HostState {
  if (host.revoked !== null) return 'revoked';
  if (host.retired) return 'retired';
  if (heard === null) return 'joined';
  return nowMs - heard.receivedMs > silentMs ? 'silent' : saidState(heard.report, wanted);
}

/** What a host should have: packages by component. */
export type Wanted = ReadonlyMap<string, Digest>;

export const packagesOf = (assignments: readonly HostAssignment[]): Wanted =>
  new Map(assignments.map((one) => [one.component, one.package]));

export function saidState({ components, waiting }: Report, wanted: Wanted): SaidState {
  const isFailed = (c: Report['components'][number]): boolean =>
    c.state === 'failed' ||
    c.healthy === false ||
    (c.refused !== undefined && c.refused.package === wanted.get(c.component));
  if (components.some(isFailed)) return 'failed';
  if (waiting.length > 0) return 'waiting';
  const named = new Set(components.map((c) => c.component));
  const isAll = [...wanted.keys()].every((component) => named.has(component));
  return isAll && components.every((c) => c.package === wanted.get(c.component)) ? 'ok' : 'updating';
}

/** The host as the API shows it. */
export function apiHost(view: HostView, environment: { id: string; name: string }): Host {
  const { host, report } = view;
  return {
    id: host.id,
    name: host.name,
    environment,
    labels: { ...host.labels },
    serve: host.serve,
    retired: host.retired,
    revoked: host.revoked === null ? null : { time: timeOf(host.revoked.atMs), reason: host.revoked.reason },
    cloned: host.cloned === null ? null : { time: timeOf(host.cloned.sinceMs), what: host.cloned.what },
    replaces: host.replaces,
    replacedBy: host.replacedBy,
    state: view.state,
    joined: timeOf(host.joinedMs),
    lastReport: view.receivedMs === null ? null : timeOf(view.receivedMs),
    observing: report?.observing === undefined ? null : { ...report.observing },
    agent: report?.agent ?? null,
    parents: [...host.parents],
    parent: report === null ? null : { ...report.parent },
    directionNumber: report?.direction.number ?? null,
    components: [...view.components],
  };
}
