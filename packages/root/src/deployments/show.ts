import {
  type Deployment as CoreDeployment,
  canaryStanding,
  mostFailed,
  mostFailing,
  type ProbeBefore,
  type ProbeResult,
  type TrafficEvidence,
  timeOf,
} from '@xylem/core';
import type { Deployment } from '../api/schemas/deployments.ts';
import { refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { comparedFigures } from '../verification/befores.ts';
import { type Fleet, judge, readFleet } from './judge.ts';
import { behindIn, shownBehind } from './laggards.ts';
import { shownProgress } from './progress.ts';
import type { DeploymentRow } from './rows.ts';
import { watchOf } from './watches.ts';

/** Reads each environment's fleet once, however many deployments are shown of it. */
export function fleetReader({ db, clock }: Root): (environment: string) => Promise<Fleet> {
  const fleets = new Map<string, Promise<Fleet>>();
  return (environment) => {
    const fleet = fleets.get(environment) ?? readFleet(db, environment, clock.now());
    fleets.set(environment, fleet);
    return fleet;
  };
}

/** A deployment as the API shows it, by what is known at this moment. */
export async function showDeployment(
  root: Root,
  row: DeploymentRow,
  fleetOf = fleetReader(root),
): Promise<Deployment> {
  const { db, clock } = root;
  const fleet = await fleetOf(row.environment);
  const nowMs = clock.now();
  const judged = await judge(db, row, fleet, nowMs);
  const { deployment, environment, evidence, progress, reason } = judged;
  const traffic = 'traffic' in judged ? (judged.traffic ?? null) : null;
  const watch = await shownWatch(db, row.id);
  const behind = await behindIn(db, row, judged, fleet, nowMs);
  const figures = await comparedFigures(db, row.id);
  const canary = canaryStanding(deployment, evidence, nowMs);
  return {
    id: row.id,
    kind: deployment.kind,
    environment: refOf(environment),
    product: deployment.product,
    version: deployment.to?.version ?? null,
    release: deployment.to?.digest ?? null,
    previousVersion: deployment.from?.version ?? null,
    ...shownStrategy(deployment),
    state: deployment.state,
    reason: deployment.reason ?? reason,
    created: timeOf(row.created_ms),
    updated: timeOf(row.updated_ms),
    finished: row.finished_ms === null ? null : timeOf(row.finished_ms),
    createdBy: row.created_by,
    plan: row.plan === null ? null : { id: row.plan, digest: row.plan_digest ?? '' },
    urgent: deployment.urgent === true,
    ...(deployment.passes === undefined ? {} : { passes: [...deployment.passes] }),
    ...(row.deadline_ms === null
      ? {}
      : { deadline: { at: timeOf(row.deadline_ms), told: row.deadline_told === 1 } }),
    progress: await shownProgress(db, row, progress),
    ...(behind.length === 0 ? {} : { behind: shownBehind(behind) }),
    ...(watch === null ? {} : { watch }),
    ...(figures === null ? {} : { figures: [...figures] }),
    ...shownGroups(deployment, traffic),
    ...(canary === null
      ? {}
      : {
          canary: {
            ...canary,
            bakingUntil: canary.bakingUntil === null ? null : timeOf(canary.bakingUntil),
          },
        }),
  };
}

function shownGroups(
  { groups, strategy }: CoreDeployment,
  traffic: TrafficEvidence | null,
): Pick<Deployment, 'groups'> {
  if (groups === undefined) return {};
  const { phase, idle, serving, since } = groups;
  const untilMs =
    groups.until ??
    (strategy.kind === 'blue-green' && phase === 'kept' ? since + strategy.keepSeconds * 1000 : null);
  return {
    groups: {
      phase,
      idle,
      serving,
      since: timeOf(since),
      until: untilMs === null ? null : timeOf(untilMs),
      traffic:
        traffic === null
          ? null
          : {
              serving: traffic.serving,
              balancers: traffic.of,
              applied: traffic.applied,
              behind: [...traffic.names],
            },
    },
  };
}

function shownStrategy({ strategy }: CoreDeployment): Pick<Deployment, 'strategy' | 'metrics'> {
  const { metrics, ...rest } = strategy;
  const names = metrics?.map(({ name }) => name);
  const named = names === undefined ? {} : { metrics: names };
  if (rest.kind === 'blue-green') {
    const { per: _, groups: __, maxUnavailableInAll: ___, ...shown } = rest;
    return { strategy: shown, ...named };
  }
  return {
    strategy: rest.kind === 'canary' ? { ...rest, steps: [...rest.steps] } : { ...rest },
    ...named,
  };
}

async function shownWatch(db: Root['db'], deployment: string): Promise<Required<Deployment>['watch'] | null> {
  const found = await watchOf(db, deployment);
  if (found === null) return null;
  const { state, reason, watch, seen } = found;
  const { eligible, failed, unheard } = seen ?? { eligible: 0, failed: 0, unheard: 0 };
  return {
    state,
    reason,
    until: timeOf(watch.until),
    onFail: watch.onFail,
    maxFailed: mostFailed(watch, eligible),
    eligible,
    failed,
    unheard,
    ...(watch.probes === undefined
      ? {}
      : { probes: watch.probes.map((before) => shownProbe(before, seen?.probes ?? [])) }),
    ...(seen?.onHosts === undefined
      ? {}
      : {
          onHosts: seen.onHosts.map(({ asked, ...one }) => ({
            ...one,
            hosts: asked,
            mostFailing: mostFailing(watch, { asked }),
          })),
        }),
  };
}

function shownProbe({ name, of, state: before }: ProbeBefore, results: readonly ProbeResult[]) {
  const now = results.find((result) => result.name === name && result.of === of);
  return {
    name,
    before,
    now: now?.state ?? null,
    reason: now?.reason ?? null,
    since: now === undefined ? null : timeOf(now.since),
    at: now === undefined ? null : timeOf(now.at),
  };
}
