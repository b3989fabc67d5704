import {
  assignmentsFor,
  type DesiredState,
  type HostAssignment,
  type HostId,
  type Report,
  timeMs,
  timeOf,
} from '@xylem/core';
import type { Host, HostComponent } from '../api/schemas/hosts.ts';
import type { HostRecord } from './host-rows.ts';

export type HostState = Host['state'];

/** A host as it is beside what it should be. */
export interface HostView {
  readonly host: HostRecord;
  readonly report: Report | null;
  readonly receivedMs: number | null;
  readonly wanted: readonly HostAssignment[];
  readonly components: readonly HostComponent[];
  readonly state: HostState;
}

/** Reports that may be missed before a host counts as silent. */
const silentPeriods = 3;
/** A report may be a while on its way through relays. */
const leewayMs = 60_000;

/** Compares one host's newest report with what direction says to it. `state` null: nothing was directed yet. */
export function viewHost(
  host: HostRecord,
  report: { readonly report: Report; readonly receivedMs: number } | null,
  state: DesiredState | null,
  nowMs: number,
): HostView {
  const config = Object.fromEntries(
    Object.entries(host.config).map(([name, values]) => [name, { ...values }]),
  );
  const entry = { name: host.name, labels: { ...host.labels }, config };
  const wanted =
    state === null || host.retired ? [] : assignmentsFor(state, host.id as HostId, entry).assignments;
  const components = joinComponents(report?.report ?? null, wanted);
  const receivedMs = report?.receivedMs ?? null;
  const periodMs = (state?.policy.reportEverySeconds ?? 3600) * 1000;
  return {
    host,
    report: report?.report ?? null,
    receivedMs,
    wanted,
    components,
    state: stateOf(host, report?.report ?? null, receivedMs, components, nowMs, periodMs),
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
    };
  });
}

function stateOf(
  host: HostRecord,
  report: Report | null,
  receivedMs: number | null,
  components: readonly HostComponent[],
  nowMs: number,
  periodMs: number,
): HostState {
  if (host.retired) return 'retired';
  if (report === null || receivedMs === null) return 'joined';
  if (nowMs - receivedMs > silentPeriods * periodMs + leewayMs) return 'silent';
  const isFailed = (c: HostComponent) =>
    c.state === 'failed' ||
    c.healthy === false ||
    (c.refused !== null && c.refused.package === c.wantedPackage);
  if (components.some(isFailed)) return 'failed';
  if (report.waiting.length > 0) return 'waiting';
  return components.every((c) => c.package === c.wantedPackage) ? 'ok' : 'updating';
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
    state: view.state,
    joined: timeOf(host.joinedMs),
    lastReport: view.receivedMs === null ? null : timeOf(view.receivedMs),
    agent: report?.agent ?? null,
    parents: [...host.parents],
    parent: report === null ? null : { ...report.parent },
    directionNumber: report?.direction.number ?? null,
    components: [...view.components],
  };
}

/** How long ago a time of a report was, for sentences. */
export function agoText(time: Parameters<typeof timeMs>[0], nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - timeMs(time)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
