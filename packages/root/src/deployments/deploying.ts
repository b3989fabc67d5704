import { applyDecisions, courseOf, type Deployment, promisesUndo, type Report } from '@xylem/core';
import { type Clock, type Log, type Randomness, turnstile } from '@xylem/platform';
import type { Repository } from '@xylem/store';
import type { RestoredState } from '../backup/restored-state.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Directing } from '../directing/directing.ts';
import { frozenIn } from '../freezes/rows.ts';
import type { MetricPorts } from '../metrics/read.ts';
import { createPlanDriver, type PlanDriver } from '../plans/driver.ts';
import { singleFlight } from '../publishing/single-flight.ts';
import { beginWatch, environmentsWatched, lookAfterAll } from './after.ts';
import { carryOut } from './carry-out.ts';
import { appendEvent, type EventFeed } from './events.ts';
import { followChannel, startWaiting } from './follow-channel.ts';
import { judge } from './judge.ts';
import { KeptEvidence } from './kept-evidence.ts';
import { createMeasure } from './measure.ts';
import { Records } from './records.ts';
import {
  activeDeployments,
  type DeploymentRow,
  deployingLock,
  deploymentOf,
  saveDeployment,
  settle,
} from './rows.ts';
import { trafficNow } from './traffic.ts';
import { environmentsToUndo, setUndoDue, undoFailed } from './undo.ts';
import { WatchRecords } from './watch-records.ts';

/** The effects of core's decisions about deployments. */
export interface Deploying {
  readonly events: EventFeed;
  /** Plans of several stages, one after the other. */
  readonly plans: PlanDriver;
  /** Looks at the deployments of an environment that go on again; returns when what follows is published. */
  evaluate(environment: string): Promise<void>;
  /** All environments with such deployments. */
  evaluateAll(): Promise<void>;
  /** Those in which something follows from time alone by now: a bake that is over, a look at figures. */
  evaluateDue(): Promise<void>;
  reportsArrived(reports: readonly Report[]): void;
  /** Looks again soon, without anyone waiting for it. */
  wake(environment: string): void;
  /** Plans that came there go on, by what else became known, without anyone waiting for it. */
  wakePlans(environment: string): void;
  /** Environments that follow the channel begin to deploy its release. */
  channelMoved(product: string, channel: string): Promise<void>;
  /** Tries again what follows a channel and might not begin. */
  startWaiting(): Promise<void>;
}

export interface DeployingOptions extends MetricPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly directing: Directing;
  readonly restored: RestoredState;
  readonly repository: Repository;
  readonly events: EventFeed;
}

export function createDeploying(options: DeployingOptions): Deploying {
  const { db, clock, log, directing, restored, events } = options;
  const flights = new Map<string, () => Promise<void>>();
  /** The progress that the last event of a deployment told. */
  const told = new Map<string, string>();
  /** By environment: when it is to be looked at again, though nothing is heard. Nothing is lost with it. */
  const due = new Map<string, number>();
  const records = new Records();
  const watchRecords = new WatchRecords();
  const evidence = new KeptEvidence();
  const measure = createMeasure(options);
  const turn = turnstile();

  const evaluate = (environment: string): Promise<void> => {
    let flight = flights.get(environment);
    if (flight === undefined) {
      flight = singleFlight(() => evaluateNow(environment));
      flights.set(environment, flight);
    }
    return flight();
  };

  async function evaluateNow(environment: string): Promise<void> {
    // A relay's batch wakes hundreds of environments at once.
    await turn();
    if (restored.isRestored()) return;
    // What one decision changes the next may build on: until nothing more follows from what is known.
    due.delete(environment);
    await plans.heard(environment);
    let hasChanged = false;
    for (let changed = true; changed; hasChanged ||= changed) {
      changed = false;
      const rows = await activeDeployments(db, { environment });
      evidence.keepOnly(environment, rows);
      for (const row of rows) {
        if (mayDecide(row)) changed = (await advanceOne(row)) || changed;
      }
      await lookAfterAll(options, watchRecords, environment);
      // In the transaction that ended them they were marked: a root server that is killed here does it at its next start.
      changed = (await undoFailed(options, environment)) || changed;
    }
    // All of them together are one step, and one version of what hosts read.
    if (hasChanged) await directing.publish(environment);
    if (hasChanged) await plans.driveIn(environment).catch(logged(environment));
  }

  async function advanceOne(row: DeploymentRow): Promise<boolean> {
    const nowMs = clock.now();
    const judged = await judge(db, row, evidence, nowMs, measure);
    const { deployment, environment, policy, decisions, progress, reason } = judged;
    if (judged.due !== undefined)
      due.set(row.environment, Math.min(due.get(row.environment) ?? judged.due, judged.due));
    const ends = decisions.some(({ kind }) => kind === 'end');
    // Its end tells it.
    if (deployment.state === 'running' && !ends)
      await tellProgress(deployment, progress, reason, policy.frozen);
    if (decisions.length === 0) return false;
    const committed = await db.transaction().execute(async (trx) => {
      await lockFor(trx, deployingLock(row.environment));
      const present = await trx
        .selectFrom('deployments')
        .selectAll()
        .where('id', '=', row.id)
        .executeTakeFirst();
      // Paused, aborted or superseded meanwhile: the decisions were about something else.
      if (present === undefined || present.document !== row.document) return null;
      // Frozen meanwhile, or no longer: it is decided anew, by what holds now.
      if ((await frozenIn(trx, environment, nowMs)) !== (policy.frozen ?? null)) return null;
      // Switched meanwhile.
      if ('traffic' in judged) {
        const present = await trafficNow(trx, environment, deployment);
        if (present?.number !== judged.traffic.number) return null;
      }
      const next = applyDecisions(deployment, decisions);
      await saveDeployment(trx, next, nowMs);
      const written = await records.append(trx, deployment, judged.evidence, nowMs, policy, judged, {
        ...('figures' in judged ? { figures: judged.figures } : {}),
        ...('traffic' in judged ? { traffic: judged.traffic } : {}),
      });
      const decided = { deployment, environment, reason, progress, evidence: written.digest };
      for (const decision of decisions) await carryOut(trx, decision, decided, nowMs);
      if (next.state === 'succeeded') {
        await settle(trx, row, next);
        await beginWatch(trx, next, judged.rules, nowMs);
      }
      if (promisesUndo(next)) await setUndoDue(trx, next.id, true);
      return written.committed;
    });
    committed?.();
    events.announce(row.id);
    if (ends) told.delete(row.id);
    return true;
  }

  async function tellProgress(
    deployment: Deployment,
    progress: object,
    reason: string,
    frozen: string | undefined,
  ): Promise<void> {
    const text = JSON.stringify({ ...progress, frozen });
    if (told.get(deployment.id) === text) return;
    told.set(deployment.id, text);
    await appendEvent(db, deployment.id, clock.now(), {
      kind: 'progress',
      message: reason,
      details: { ...progress },
    });
    events.announce(deployment.id);
  }

  const logged = (environment: string) => (error: unknown) =>
    log.error('deployments could not be advanced', { environment, error });

  const plans = createPlanDriver({
    ...options,
    follow: (environment) =>
      void evaluate(environment)
        .then(() => directing.publish(environment))
        .catch(logged(environment)),
  });

  return {
    events,
    plans,
    evaluate,
    evaluateAll: async () => {
      const rows = (await activeDeployments(db)).filter(mayDecide);
      const environments = [
        ...rows.map((row) => row.environment),
        ...(await environmentsToUndo(db)),
        ...(await environmentsWatched(db)),
      ];
      for (const environment of new Set(environments)) {
        await evaluate(environment).catch(logged(environment));
      }
    },
    evaluateDue: async () => {
      const nowMs = clock.now();
      for (const [environment, atMs] of due)
        if (atMs <= nowMs) await evaluate(environment).catch(logged(environment));
    },
    reportsArrived: (reports) => {
      for (const environment of new Set(reports.map((report) => report.environment))) {
        void evaluate(environment).catch(logged(environment));
      }
    },
    wake: (environment) => void evaluate(environment).catch(logged(environment)),
    wakePlans: (environment) => void plans.driveIn(environment).catch(logged(environment)),
    channelMoved: (product, channel) => followChannel(options, evaluate, product, channel),
    startWaiting: () => startWaiting(options, evaluate),
  };
}

/** One that is judged goes on to learn while it is paused; of others nothing is decided until they run again. */
function mayDecide(row: DeploymentRow): boolean {
  return row.state === 'running' || courseOf(deploymentOf(row).strategy) !== null;
}
