import {
  advance,
  applyDecisions,
  type Decision,
  type HostId,
  hasEnded,
  jcs,
  type Verdict,
} from '@xylem/core';
import { Fleet, type News } from './fleet.ts';
import type { Scenario } from './scenario.ts';
import { deploymentOf, Evidence } from './seen.ts';

/** The first line of a record, then one for each look. */
export interface Head {
  readonly format: 'xylem-simulation-1';
  readonly scenario: Scenario;
  readonly hosts: readonly HostId[];
}

export interface Look extends News {
  readonly at: number;
  readonly decisions: readonly Decision[];
  readonly verdict: Verdict;
  readonly reason: string;
}

export interface Result {
  readonly state: string;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Hosts that were admitted, reported or not. */
  readonly exposed: number;
  /** Hosts that the new version broke. */
  readonly harmed: number;
  readonly looks: number;
  readonly tookMs: number;
}

const began = Date.parse('2026-01-01T00:00:00Z');

/**
 * Plays a deployment: the hosts are simulated, the decisions are those of the root server. Ends when it has ended, waits
 * for a person, or takes too long.
 * @param record is given each line of the record, without its line break
 */
export function simulate(scenario: Scenario, record: (line: string) => void = () => undefined): Result {
  const fleet = new Fleet(scenario, began);
  const hosts = fleet.ids;
  const evidence = new Evidence(hosts);
  let deployment = deploymentOf(scenario);
  record(jcs({ format: 'xylem-simulation-1', scenario, hosts } satisfies Head));
  let [now, looks, exposed] = [began, 0, 0];
  for (;;) {
    now += scenario.lookMs;
    const news = fleet.until(now);
    evidence.take(news);
    const { decisions, verdict, reason } = advance(deployment, evidence.hosts, now, scenario.policy);
    evidence.mark(decisions, now);
    deployment = applyDecisions(deployment, decisions);
    for (const decision of decisions) {
      if (decision.kind !== 'admit') continue;
      exposed += decision.hosts.length;
      for (const id of decision.hosts) fleet.admit(id, now);
    }
    looks += 1;
    record(jcs({ ...news, at: now, decisions, verdict, reason } satisfies Look));
    const tookMs = now - began;
    if (deployment.state === 'running' && tookMs < scenario.untilMs) continue;
    const ended = hasEnded(deployment) ? (deployment.reason ?? reason) : reason;
    return { state: deployment.state, verdict, reason: ended, exposed, harmed: fleet.harmed, looks, tookMs };
  }
}

/**
 * Decides again on what was recorded.
 * @returns the number of looks, and the first (from 1) at which something else is decided now; null: none
 */
export function replay(lines: Iterable<string>): {
  readonly looks: number;
  readonly differsAt: number | null;
} {
  let looks = 0;
  let differsAt: number | null = null;
  let before: { evidence: Evidence; scenario: Scenario; deployment: ReturnType<typeof deploymentOf> } | null =
    null;
  for (const line of lines) {
    if (before === null) {
      const { scenario, hosts } = JSON.parse(line) as Head;
      before = { evidence: new Evidence(hosts), scenario, deployment: deploymentOf(scenario) };
      continue;
    }
    const look = JSON.parse(line) as Look;
    looks += 1;
    before.evidence.take(look);
    const again = advance(before.deployment, before.evidence.hosts, look.at, before.scenario.policy);
    const { said, gone, at } = look;
    const { decisions, verdict, reason } = again;
    if (jcs({ said, gone, at, decisions, verdict, reason }) !== line) differsAt ??= looks;
    before.evidence.mark(look.decisions, look.at);
    before.deployment = applyDecisions(before.deployment, look.decisions);
  }
  return { looks, differsAt };
}
