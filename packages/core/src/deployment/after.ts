import { compareProbes, type ProbeBefore } from '../verification/compare.ts';
import type { HostsSeen } from '../verification/on-hosts.ts';
import type { ProbeResult } from '../verification/probe.ts';
import type { HostCount } from './deployment.ts';
import { hostCount, limitOf } from './standing.ts';
import { hosts } from './words.ts';

/** For how long an environment is looked at after an update succeeded in it, and what follows (`policy.watch`). */
export interface WatchRules {
  readonly seconds: number;
  /** Once more hosts than this have failed, of the eligible; absent: the environment's `maxUnavailable`, less one. */
  readonly maxFailed?: HostCount;
  /** Absent: `report`. */
  readonly onFail?: 'report' | 'rollback';
}

/** The watch over one deployment that has succeeded. Times: milliseconds since 1970; none begins anew with the process. */
export interface AfterWatch {
  readonly since: number;
  readonly until: number;
  /** Null: one less than may be unavailable. */
  readonly maxFailed: HostCount | null;
  readonly maxUnavailable: HostCount;
  readonly onFail: 'report' | 'rollback';
  /** Since when more hosts than `maxFailed` have failed; null: they have not. */
  readonly badSince: number | null;
  /** How the environment's probes stood when the deployment began; absent: there are none. */
  readonly probes?: readonly ProbeBefore[];
}

/** What the hosts of a deployment that has ended say of it. */
export interface AfterSeen {
  readonly eligible: number;
  /** Its components have failed there, are unhealthy or were refused, or a probe fails there that had passed before. */
  readonly failed: number;
  /** Not heard of for so long that they count as offline. */
  readonly unheard: number;
  /** The last results of the environment's probes; absent: there are none. */
  readonly probes?: readonly ProbeResult[];
  /** What hosts say of those that they ask; absent: there are none. */
  readonly onHosts?: readonly HostsSeen[];
}

export type AfterLook =
  | { readonly kind: 'watching'; readonly watch: AfterWatch }
  | { readonly kind: 'passed' | 'failed' | 'inconclusive' | 'superseded'; readonly reason: string };

/** A service that is begun anew is unhealthy for a moment, and no reason to go back. */
export const steadyMs = 60_000;

/**
 * One look. Fails once too many hosts have stayed failed for `steadyMs`, or too many of those that ask one probe, or a
 * probe of the root server that passed before the deployment began has failed for so long; passes at its end, if hosts that
 * are not heard of could not make the difference and each such probe was asked since. Pure: the same watch, sight and time
 * give the same answer.
 */
export function lookAfter(watch: AfterWatch, seen: AfterSeen, now: number): AfterLook {
  const { eligible, failed, unheard } = seen;
  const limit = mostFailed(watch, eligible);
  const said = `${hosts(failed)} of ${eligible} failed`;
  const onHosts = seen.onHosts ?? [];
  const broken = onHosts.find((one) => one.failing > mostFailing(watch, one));
  if (failed > limit || broken !== undefined) {
    // A clock that went back lets nothing last shorter.
    const badSince = watch.badSince === null || watch.badSince > now ? now : watch.badSince;
    if (now - badSince < steadyMs) return { kind: 'watching', watch: { ...watch, badSince } };
    const why = broken === undefined ? `${said}; at most ${limit} may` : brokenText(watch, broken);
    return { kind: 'failed', reason: `After it had succeeded ${why}.` };
  }
  const probes = compareProbes(watch.probes ?? [], seen.probes ?? [], watch.since, steadyMs);
  if (probes.failed !== null)
    return {
      kind: 'failed',
      reason: `After it had succeeded a probe fails that had passed before: ${probes.failed}.`,
    };
  const next = { ...watch, badSince: null };
  if (now < watch.until || probes.isOpen) return { kind: 'watching', watch: next };
  if (failed + unheard > limit && unheard > 0)
    return {
      kind: 'inconclusive',
      reason: `The watch ended: ${said}, and ${hosts(unheard)} could not be heard of.`,
    };
  const unsure = onHosts.find((one) => one.failing + one.unknown > mostFailing(watch, one));
  if (unsure !== undefined)
    return {
      kind: 'inconclusive',
      reason: `The watch ended: ${said}. Whether the probe ${unsure.name} passes on ${hosts(unsure.unknown)} where it had passed before is not known.`,
    };
  if (probes.unknown !== null)
    return { kind: 'inconclusive', reason: `The watch ended: ${said}. ${probes.unknown}.` };
  const passing = onHosts.map(({ name, asked, held, failing, unknown }) => {
    return `the probe ${name} passes on ${held - failing - unknown} of ${hosts(asked)}`;
  });
  return { kind: 'passed', reason: `The watch ended: ${[said, ...probes.said, ...passing].join('; ')}.` };
}

function brokenText(watch: AfterWatch, broken: HostsSeen): string {
  const { name, asked, failing, reason } = broken;
  const most = mostFailing(watch, broken);
  return `the probe ${name} fails on ${hosts(failing)} of ${asked} where it had passed before (${reason ?? ''}); at most ${most} may`;
}

/** On how many of the hosts that ask it a probe may fail: never on all. Pure. */
export function mostFailing(
  rules: Pick<AfterWatch, 'maxFailed' | 'maxUnavailable'>,
  { asked }: Pick<HostsSeen, 'asked'>,
): number {
  return Math.min(mostFailed(rules, asked), Math.max(0, asked - 1));
}

/** How many hosts of `eligible` may fail. Pure. */
export function mostFailed(
  { maxFailed, maxUnavailable }: Pick<AfterWatch, 'maxFailed' | 'maxUnavailable'>,
  eligible: number,
): number {
  return maxFailed === null ? hostCount(maxUnavailable, eligible) - 1 : limitOf(maxFailed, eligible);
}
