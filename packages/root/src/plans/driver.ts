import { type PlanEnvironment, type PlanStage, XylemError } from '@xylem/core';
import { type Log, unhurried } from '@xylem/platform';
import { withOrigin } from '../audit/origin.ts';
import type { RestoredState } from '../backup/restored-state.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { singleFlight } from '../publishing/single-flight.ts';
import { plansToTakeBack, takeBack } from './back.ts';
import { beginIn } from './begin.ts';
import { ownName, settlePlan } from './change.ts';
import type { PlanOptions } from './prepare.ts';
import { keepRing } from './ring-look.ts';
import type { RingRecords } from './ring-records.ts';
import { lookBefore, lookForSilence } from './ring-watch.ts';
import { planLock, planNamed } from './rows.ts';
import { stepOf } from './seen.ts';
import { keepTests, orderTestsIn } from './tests-look.ts';
import { askTicketsOf } from './tickets.ts';

/** Brings plans that were started through their stages. */
export interface PlanDriver {
  /** Does what is a plan's turn, until it waits. */
  drive(id: string): Promise<void>;
  /** All plans that go on, or of which something is to be taken back. Never rejects. */
  driveAll(): Promise<void>;
  /** An environment was heard of: where it is watched before its turn, it is looked at. */
  heard(environment: string): Promise<void>;
  /** Those of them that came to an environment. Never rejects. */
  driveIn(environment: string): Promise<void>;
}

export interface DriverOptions extends PlanOptions {
  readonly log: Log;
  readonly restored: RestoredState;
  /** Something changed there: decides what follows and publishes it. Not waited for, since it may ask back. */
  readonly follow: (environment: string) => void;
}

export function createPlanDriver(options: DriverOptions): PlanDriver {
  const { db, clock, log, restored, follow } = options;
  const flights = new Map<string, () => Promise<void>>();
  const records: RingRecords = new Map();
  /** What deployments have to say after a start is heard before anybody is asked. */
  let mayAsk = false;

  /** Whoever's report or request it came by: what a plan does by itself stands in the audit log as its own. */
  const drive = (id: string): Promise<void> => {
    const flight =
      flights.get(id) ?? singleFlight(() => withOrigin({ who: ownName(id), from: null }, () => driveNow(id)));
    flights.set(id, flight);
    return flight();
  };

  async function driveNow(id: string): Promise<void> {
    for (let goesOn = true; goesOn && !restored.isRestored(); ) {
      for (const environment of await takeBack(options, id)) follow(environment);
      const known = await planNamed(db, id);
      if (known.row.state !== 'started') return;
      if (known.version.document.stages.some(isKept)) await look(id);
      const { step } = await stepOf(db, known, clock.now());
      if (step.kind === 'wait' || (step.kind === 'ask' && step.about !== 'begin' && !mayAsk)) return;
      if (step.kind === 'begin') goesOn = await inEach(id, step.environments, step.atMost, beginOne);
      else if (step.kind === 'test') {
        const environments = step.orders.map(({ environment }) => environment);
        goesOn = await inEach(id, environments, environments.length, orderTests);
      } else goesOn = await settle(id);
    }
  }

  const isKept = ({ verdict, tests }: PlanStage): boolean => verdict !== undefined || tests !== undefined;

  /** What the ring or the tests whose turn it is show by now is kept, before anything follows from it. */
  async function look(id: string): Promise<void> {
    await lookForSilence(db, id, clock.now());
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, planLock(id));
      const known = await planNamed(trx, id);
      if (known.row.state !== 'started') return;
      await keepRing(trx, known, records, clock.now());
      await keepTests(trx, known, clock.now());
    });
  }

  /** Where it may not be done, it may be in others. @returns whether it was in any */
  async function inEach(
    id: string,
    environments: readonly PlanEnvironment[],
    atMost: number,
    act: (id: string, environment: PlanEnvironment) => Promise<boolean>,
  ): Promise<boolean> {
    let done = 0;
    for await (const environment of unhurried(environments)) {
      if (done === atMost) break;
      try {
        if (!(await act(id, environment))) return done > 0;
        done += 1;
        follow(environment.environment);
      } catch (error) {
        if (!(error instanceof XylemError)) throw error;
        await waits(id, environment, error);
      }
    }
    return done > 0;
  }

  /** @returns false: it is not its turn any more */
  async function beginOne(id: string, environment: PlanEnvironment): Promise<boolean> {
    await askTicketsOf(options, await planNamed(db, id), [environment]);
    return await db.transaction().execute(async (trx) => {
      await lockFor(trx, planLock(id));
      const known = await planNamed(trx, id);
      if (known.row.state !== 'started') return false;
      const { step } = await stepOf(trx, known, clock.now());
      if (step.kind !== 'begin') return false;
      if (!step.environments.some((one) => one.environment === environment.environment)) return false;
      const who = known.row.started_by ?? known.row.ended_by ?? ownName(id);
      const why = known.row.started_why ?? undefined;
      await beginIn(trx, options, known, { stage: step.stage, environments: [environment], who, why });
      await waitsNoMore(trx, id, environment);
      return true;
    });
  }

  /** @returns false: it is not their turn any more */
  async function orderTests(id: string, environment: PlanEnvironment): Promise<boolean> {
    return await db.transaction().execute(async (trx) => {
      await lockFor(trx, planLock(id));
      const known = await planNamed(trx, id);
      if (known.row.state !== 'started') return false;
      if (!(await orderTestsIn(trx, options, known, environment))) return false;
      await waitsNoMore(trx, id, environment);
      return true;
    });
  }

  async function waitsNoMore(trx: Database, id: string, { environment }: PlanEnvironment): Promise<void> {
    await trx
      .updateTable('plan_environments')
      .set({ waits: null, waits_code: null })
      .where('plan', '=', id)
      .where('environment', '=', environment)
      .execute();
  }

  async function waits(id: string, { environment, name }: PlanEnvironment, error: XylemError): Promise<void> {
    const { numUpdatedRows } = await db
      .updateTable('plan_environments')
      .set({ waits: error.message, waits_code: error.code })
      .where('plan', '=', id)
      .where('environment', '=', environment)
      .where((e) => e.or([e('waits', 'is', null), e('waits', '!=', error.message)]))
      .executeTakeFirst();
    if (numUpdatedRows > 0n) log.warn('a plan waits', { plan: id, environment: name, cause: error });
  }

  /** @returns whether something is to be taken back now */
  async function settle(id: string): Promise<boolean> {
    const { environments } = await db.transaction().execute(async (trx) => {
      await lockFor(trx, planLock(id));
      const known = await planNamed(trx, id);
      return known.row.state === 'started'
        ? await settlePlan(trx, known, records, clock.now())
        : { environments: [] };
    });
    for (const environment of environments) follow(environment);
    return true;
  }

  const each = async (ids: readonly string[]): Promise<void> => {
    for (const id of new Set(ids)) {
      await drive(id).catch((error: unknown) => log.error('a plan could not go on', { plan: id, error }));
    }
  };

  return {
    drive,
    heard: (environment) => lookBefore(db, environment, clock.now()),
    driveAll: async () => {
      mayAsk = true;
      const started = await db.selectFrom('plans').select('id').where('state', '=', 'started').execute();
      await each([...started.map(({ id }) => id), ...(await plansToTakeBack(db))]);
    },
    driveIn: async (environment) => {
      const rows = await db
        .selectFrom('plan_environments as e')
        .innerJoin('plans as p', 'p.id', 'e.plan')
        .select('e.plan')
        .where('e.environment', '=', environment)
        .where((e) => e.or([e('p.state', '=', 'started'), e('e.back', '=', 'due')]))
        .execute();
      await each(rows.map(({ plan }) => plan));
    },
  };
}
