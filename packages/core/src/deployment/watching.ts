import type { HostId } from '../ids.ts';
import type { FailureEvent } from '../statistics/failures.ts';
import { hasFailedBefore, isAdmitted } from './counts.ts';
import type { AdvancePolicy, Decision, HostEvidence, Judging, Watched } from './deployment.ts';
import { isBaking, isOffline, isSilent } from './standing.ts';
import type { Turn, Turns } from './turns.ts';

/** What a canary learns from a look, before it decides: marks of hosts, and what they say to the test. */
export interface Seen {
  readonly marks: readonly Decision[];
  readonly events: readonly FailureEvent[];
}

/** Collects what is said of hosts at one moment. */
class Watch {
  readonly #now: number;
  readonly #watched = new Map<string, { readonly watched: Watched; readonly hosts: HostId[] }>();
  readonly events: FailureEvent[] = [];
  constructor(now: number) {
    this.#now = now;
  }
  say({ id }: HostEvidence, { as, stratum }: Watched, kind: FailureEvent['kind']): void {
    if (as !== 'over') this.events.push({ at: this.#now, host: id, stratum, arm: as, kind });
  }
  enter(host: HostEvidence, watched: Watched): void {
    this.say(host, watched, 'enter');
    this.#mark(host, watched);
  }
  end(host: HostEvidence, watched: Watched, kind: 'failed' | 'silent' | 'ok' | 'leave'): void {
    this.say(host, watched, kind);
    this.#mark(host, { ...watched, as: 'over' });
  }
  #mark({ id }: HostEvidence, watched: Watched): void {
    const key = `${watched.as}/${watched.stratum}`;
    const group = this.#watched.get(key) ?? { watched, hosts: [] };
    this.#watched.set(key, group);
    group.hosts.push(id);
  }
  marks(): Decision[] {
    return [...this.#watched]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, group]) => ({ kind: 'watch' as const, ...group }));
  }
}

/**
 * What has happened to the hosts of a canary since they were last marked.
 *
 * Exposed is who was admitted and was healthy (as a control) before: a host that was broken already says nothing about
 * the release. It counts as failed at its first failure or silence, also within its bake after it had been healthy, and
 * as good once it has baked. Controls are the eligible hosts that are not admitted: they fail when they report something
 * of theirs unhealthy or failed, or fall silent.
 * @param gone hosts that are not eligible any more
 * @param stratumOf within which a host is compared
 */
export function seenOf(
  judging: Judging,
  turns: readonly Turn[],
  gone: readonly HostEvidence[],
  stratumOf: (host: HostEvidence) => string,
  now: number,
  policy: AdvancePolicy,
): Seen {
  const healthy: HostId[] = [];
  const failed: HostId[] = [];
  const watch = new Watch(now);
  for (const turn of turns) {
    const { host } = turn;
    const { mark, says } = noticedOf(judging, turn, now, policy) ?? nothingNoticed;
    if (mark !== undefined) (mark === 'healthy' ? healthy : failed).push(host.id);
    if (says === 'enter') watch.enter(host, { as: 'control', stratum: stratumOf(host) });
    else if (says !== undefined && host.watched) watch.end(host, host.watched, says);
  }
  for (const host of [...gone].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const watched = host.watched ?? null;
    if (watched === null || watched.as === 'over') continue;
    // Skipped before its failure was looked at.
    const lost = watched.as === 'exposed' && hasFailedBefore(host);
    watch.end(host, watched, lost ? 'failed' : 'leave');
  }
  const marks: Decision[] = [];
  if (healthy.length > 0) marks.push({ kind: 'healthy', hosts: healthy });
  if (failed.length > 0) marks.push({ kind: 'failed', hosts: failed });
  return { marks: [...marks, ...watch.marks()], events: watch.events };
}

/** What is to be marked of one host, and what it says to the test. */
export interface Noticed {
  readonly mark?: 'healthy' | 'failed';
  readonly says?: 'enter' | 'failed' | 'silent' | 'ok';
}

const nothingNoticed: Noticed = {};

/** Null: nothing. */
export function noticedOf(
  judging: Judging,
  { host, standing }: Turn,
  now: number,
  policy: AdvancePolicy,
): Noticed | null {
  const as = host.watched?.as ?? null;
  if (!isAdmitted(host)) {
    const offline = isOffline(host, now, policy);
    const isBad = offline || isUnhealthy(host);
    if (as === 'control' && isBad) return { says: offline ? 'silent' : 'failed' };
    return as === null && !isBad && !host.held && standing !== 'done' ? { says: 'enter' } : null;
  }
  const isExposed = as === 'exposed';
  const silent = isSilent(judging, host, standing, now, policy);
  if (standing === 'failed' || silent) {
    const isNew = (host.failedAt ?? null) === null || (host.doneAt ?? null) !== null;
    if (!isNew && !isExposed) return null;
    return {
      ...(isNew ? { mark: 'failed' as const } : {}),
      ...(isExposed ? { says: silent ? ('silent' as const) : ('failed' as const) } : {}),
    };
  }
  // A person let it try again before its failure was looked at.
  const lost = isExposed && hasFailedBefore(host) ? { says: 'failed' as const } : null;
  if (standing !== 'done') return lost;
  // A time that lies ahead was written before a clock went back: the bake begins again, it never gets shorter.
  if ((host.doneAt ?? null) === null || (host.doneAt ?? 0) > now) return { ...lost, mark: 'healthy' };
  if (lost !== null || !isExposed) return lost;
  // Not before silence would have been noticed: else the silent would be left alone in their arm, and weigh too much.
  return isBaking(judging, host, now - policy.silentAfterMs) ? null : { says: 'ok' };
}

/** What admissions say to the test: controls leave their arm and enter the other. */
export function seenOfAdmitted(
  turns: Pick<Turns, 'named'>,
  decisions: readonly Decision[],
  now: number,
): Seen {
  const admitted = new Set(decisions.flatMap((one) => (one.kind === 'admit' ? one.hosts : [])));
  const watch = new Watch(now);
  for (const { host } of turns.named(admitted)) {
    const watched = host.watched ?? null;
    if (watched?.as !== 'control') continue;
    watch.say(host, watched, 'leave');
    watch.enter(host, { ...watched, as: 'exposed' });
  }
  return { marks: watch.marks(), events: watch.events };
}

/** Whether it reports something unhealthy or failed among the deployment's components, of whatever release. */
function isUnhealthy({ components, reported }: HostEvidence): boolean {
  return reported.some(
    ({ component, state, healthy }) =>
      components.includes(component) && (state === 'failed' || healthy === false),
  );
}
