import type { AdvancePolicy, Deployment, HostCount, HostEvidence, Judging, Standing } from './deployment.ts';

/** Where a host stands at `now` (milliseconds since 1970). Pure; the host's own report decides. */
export function standingOf(
  deployment: Pick<Deployment, 'components'>,
  host: HostEvidence,
  now: number,
  { silentAfterMs, offlineAfterMs }: AdvancePolicy,
): Standing {
  if (isDone(deployment, host)) return 'done';
  if (host.admittedAt === null || host.held) return 'waiting';
  if (hasFailed(deployment, host)) return 'failed';
  // Offline before it was admitted: it has not seen the new version, so its silence says nothing about it.
  if (host.admittedAt - (host.lastReport ?? 0) > offlineAfterMs) return 'waiting';
  const lastSign = Math.max(host.lastReport ?? 0, host.admittedAt);
  // What only waits has nothing new to say until its next regular report.
  const patienceMs = host.keptBack ? Math.max(silentAfterMs, offlineAfterMs) : silentAfterMs;
  return now - lastSign > patienceMs ? 'silent' : 'updating';
}

/** Whether it reports all its components as they should be. Without a report nothing is done. */
function isDone({ components }: Pick<Deployment, 'components'>, host: HostEvidence): boolean {
  if (host.lastReport === null) return false;
  return host.components.every((name) => {
    const wanted = components[name]?.to ?? null;
    const found = host.reported.find(({ component }) => component === name);
    if (wanted === null) return found === undefined;
    return (
      found?.package === wanted &&
      // A service that runs is on trial until it is known to be healthy.
      (found.state === 'running'
        ? found.healthy === true
        : found.state === 'installed' && found.healthy !== false)
    );
  });
}

function hasFailed({ components }: Pick<Deployment, 'components'>, host: HostEvidence): boolean {
  return host.components.some((name) => {
    const wanted = components[name]?.to ?? null;
    const found = host.reported.find(({ component }) => component === name);
    // What had failed before its turn came says nothing about its removal.
    if (wanted === null) return found?.state === 'failed' && (host.lastReport ?? 0) > (host.admittedAt ?? 0);
    if (found?.refused?.package === wanted) return true;
    return found?.package === wanted && (found.state === 'failed' || found.healthy === false);
  });
}

export function isOffline(
  host: HostEvidence,
  now: number,
  { offlineAfterMs }: Pick<AdvancePolicy, 'offlineAfterMs'>,
): boolean {
  const seen = Math.max(host.lastSeen ?? 0, host.lastReport ?? 0);
  return seen === 0 || now - seen > offlineAfterMs;
}

/**
 * The next moment at which time alone may change what is said of an eligible host; Infinity: there is none. It may come
 * too early, never too late.
 */
export function nextChange(
  judging: Pick<Judging, 'bakeSeconds'> | null,
  host: HostEvidence,
  standing: Standing,
  now: number,
  { silentAfterMs, offlineAfterMs }: AdvancePolicy,
): number {
  const { lastReport, lastSeen, admittedAt, doneAt = null } = host;
  let next = Number.POSITIVE_INFINITY;
  const at = (moment: number): void => {
    if (moment > now && moment < next) next = moment;
  };
  if (standing === 'failed' || standing === 'silent') return next;
  if (judging === null && standing === 'done') return next;
  // Beyond a limit is a millisecond later.
  if (standing === 'updating') {
    const lastSign = Math.max(lastReport ?? 0, admittedAt ?? 0);
    at(lastSign + (host.keptBack ? Math.max(silentAfterMs, offlineAfterMs) : silentAfterMs) + 1);
    return next;
  }
  at(Math.max(lastSeen ?? 0, lastReport ?? 0) + offlineAfterMs + 1);
  if (judging === null) return next;
  const bakeMs = judging.bakeSeconds * 1000;
  at((lastReport ?? 0) + bakeMs + silentAfterMs + 1);
  if (doneAt === null) return next;
  at(doneAt);
  at(doneAt + bakeMs);
  at(doneAt + bakeMs + silentAfterMs);
  return next;
}

/** A number of hosts of `eligible`: 10 % of five hosts is one host. */
export function hostCount(count: HostCount, eligible: number): number {
  if (typeof count === 'number') return Math.max(1, Math.floor(count));
  const percent = Number(count.slice(0, -1));
  return Math.max(1, Math.floor((eligible * percent) / 100));
}

/**
 * Whether a done host has not stayed so for as long as its canary wants, or has not said so yet though it promised to.
 * `doneAt` in the future: a clock went back.
 */
export function isBaking(
  { bakeSeconds }: Pick<Judging, 'bakeSeconds'>,
  { doneAt, promised, lastReport }: Pick<HostEvidence, 'doneAt' | 'promised' | 'lastReport'>,
  now: number,
): boolean {
  if (doneAt === undefined || doneAt === null || doneAt > now) return true;
  const heard = promised === true ? Math.min(now, lastReport ?? 0) : now;
  return heard - doneAt < bakeSeconds * 1000;
}

/** Whether silence counts against it: since it was admitted, or within its bake. */
export function isSilent(
  judging: Pick<Judging, 'bakeSeconds'>,
  host: HostEvidence,
  standing: Standing,
  now: number,
  policy: AdvancePolicy,
): boolean {
  if (standing === 'silent') return true;
  if (standing !== 'done' || !isBaking(judging, host, now)) return false;
  return isOffline(host, now, policy) || brokePromise(judging, host, now, policy);
}

/** Whether a host that promised to report at the end of its bake did not. */
function brokePromise(
  { bakeSeconds }: Pick<Judging, 'bakeSeconds'>,
  { promised, lastReport }: Pick<HostEvidence, 'promised' | 'lastReport'>,
  now: number,
  { silentAfterMs }: Pick<AdvancePolicy, 'silentAfterMs'>,
): boolean {
  return promised === true && now - (lastReport ?? 0) > bakeSeconds * 1000 + silentAfterMs;
}

/** `maxFailed: 0` is allowed: then the first failure ends it. */
export function limitOf(maxFailed: HostCount, eligible: number): number {
  return maxFailed === 0 ? 0 : hostCount(maxFailed, eligible);
}
