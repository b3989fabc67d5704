import { countChanges, dueSteps, type RingRules, type WantedStrategy } from '@xylem/core';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import { strategyFor } from '../deployments/choose-strategy.ts';
import { advancePolicyOf } from '../deployments/evidence.ts';
import { lookAtGates } from '../gates/look.ts';
import type { HeardHost, Surveyed } from './facts.ts';
import { givenTo } from './given.ts';
import { momentsFound } from './holds.ts';
import { preflightOf } from './preflight.ts';
import type { PlanOptions } from './prepare.ts';
import { timeFor } from './time.ts';
import { bytesOf, type KnownTravels, neededBy } from './travel.ts';

const mostNamed = 100;

/** What preparation says about one environment (docs/spec/plans.md). Reads, and moves nothing. */
export async function findOut(
  options: PlanOptions,
  surveyed: Surveyed,
  {
    strategy,
    ring,
    travels,
  }: {
    readonly strategy?: WantedStrategy;
    readonly ring: RingRules | null;
    readonly travels: KnownTravels;
  },
): Promise<PlanFound> {
  const { candidate, coming, facts, shapesOf } = surveyed;
  const { spec, nowMs } = candidate;
  const { changes, changing, ...counts } = givenTo(surveyed);
  const hosts = [...changing.values()];
  const bytes = await bytesOf(options, candidate, coming, { changes, hosts: changing, travels });
  const { offlineAfterMs } = advancePolicyOf(spec.policy.reportEverySeconds);
  const chosen = await strategyFor(options.db, candidate, strategy, ring?.bakeSeconds);
  return {
    hosts: {
      changing: changing.size,
      ...counts,
      silent: hosts.filter(({ heardMs }) => heardMs === null || nowMs - heardMs > offlineAfterMs).length,
    },
    changes: countChanges(changes),
    bytes,
    disk: diskOf(hosts, neededBy(coming, changes, changing)),
    preflight: preflightOf(coming, changes, changing),
    gates: (await lookAtGates(options.db, candidate)).map(({ gate, saw, closed }) => ({
      gate,
      open: closed === null,
      code: closed?.code ?? null,
      saw,
    })),
    migrations: dueSteps(coming, shapesOf).map(({ database, component, step }) => ({
      database,
      component,
      to: step.to,
      phase: step.phase,
      undo: step.undo !== undefined,
      serves: { ...shapesOf(database) },
    })),
    back: { to: facts.back.to, cannot: [...facts.back.cannot] },
    ...(await momentsFound(options.db, surveyed, hosts, changes)),
    time: await timeFor(options.db, candidate, chosen, changing.size),
  };
}

function diskOf(hosts: readonly HeardHost[], needed: ReadonlyMap<string, number>): PlanFound['disk'] {
  const taking = hosts.flatMap(({ host: { id, name }, report }) => {
    const bytes = needed.get(id);
    return bytes === undefined ? [] : [{ name, needed: bytes, free: report?.facts.diskFreeBytes }];
  });
  const short = taking.flatMap(({ name, needed: bytes, free }) =>
    free !== undefined && free < bytes ? [{ name, free, needed: bytes }] : [],
  );
  return {
    needed: Math.max(0, ...needed.values()),
    short: short.sort((a, b) => a.free - b.free).slice(0, mostNamed),
    shortCount: short.length,
    unknown: taking.filter(({ free }) => free === undefined).length,
  };
}
