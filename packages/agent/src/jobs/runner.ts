import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type JobOrder, type JobReport, type JobResult, withoutTexts, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import { endNoted } from '../commands/run.ts';
import { codedFault } from '../converge/faults.ts';
import type { SlotPlan } from '../converge/steps.ts';
import type { Wake } from '../run/wake.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import { mayBegin } from './may-begin.ts';
import type { Preflights } from './preflight.ts';
import { type JobRecord, type JobStanding, jobRecordFile, reportedJobs } from './record.ts';
import { interrupted, type JobTools, refused, runJob } from './run-job.ts';

/** What changes a component says so, and what runs beside it gives way. */
export interface Aside {
  /** From here on nothing new begins beside it. */
  begin(plan: SlotPlan): void;
  /** Before the first step that touches what is there. */
  touch(plan: SlotPlan): Promise<void>;
  end(plan: SlotPlan): void;
}

export interface JobRunner {
  /** Until the signal ends it. */
  run(): Promise<void>;
  /** Direction may order something else, or what an order waits for may be there. */
  look(): void;
  /** Of the orders that stand. */
  reports(): JobReport[];
  readonly aside: Aside;
}

export interface JobRunnerOptions {
  readonly tools: JobTools;
  /** The orders that stand; null: nothing is known of any. */
  readonly ordered: () => readonly JobOrder[] | null;
  /** Why this host runs nothing for others, or null. */
  readonly refuses: () => string | null;
  /** Orders to look at what is not directed yet stand among those; absent: there are none. */
  readonly preflights?: Preflights;
  /** What is here now. */
  readonly observe: () => Promise<ReadonlyMap<string, ObservedSlot>>;
  readonly looked: Wake;
  /** Something that a report says has changed. */
  readonly changed: () => void;
}

interface UnderWay {
  readonly component: string;
  readonly end: AbortController;
  readonly over: Promise<void>;
}

const mostAtOnce = 4;
/** Records of orders that were taken back: so many with all that was printed, so many in a few words. */
const mostWhole = 16;
const mostKept = 512;
/** An order that waits is looked at so often. */
const waitMs = 5_000;

/** A repair leads to the same package: a job may go on beside it. All of these lead to another one, or to none. */
const disturbing: ReadonlySet<SlotPlan['action']> = new Set([
  'adopt',
  'disown',
  'install',
  'update',
  'restore',
  'remove',
  'park',
]);

/**
 * Runs what direction orders of this host once.
 *
 * Invariant: a record lies durably on the disk before the program of an order starts, and no program starts for an order
 * that has a record. So one that was cut off, however, is told as interrupted, and never begun again.
 * Invariant: while a component is being changed no job of it runs: a change ends what runs, and nothing begins beside it.
 */
export function jobRunner(options: JobRunnerOptions): JobRunner {
  const { tools, looked, changed } = options;
  const { layout, clock, log } = tools;
  const underWay = new Map<string, UnderWay>();
  const standings = new Map<string, JobStanding>();
  /** Ended, and not on the disk yet. */
  const unwritten = new Map<string, JobRecord>();
  const busy = new Map<string, number>();
  /** Counts plans that began, so that what was seen before one is not believed after it. */
  let plans = 0;

  const fileOf = (id: string) => jobRecordFile(join(layout.jobs, `${id}.json`), log);
  const stand = (standing: JobStanding): void => {
    const before = standings.get(standing.order.id);
    const isSame =
      before?.kind === standing.kind &&
      (standing.kind !== 'waiting' ||
        (before.kind === 'waiting' && before.why.message === standing.why.message));
    if (isSame) return;
    const since = standing.kind === before?.kind ? before.since : standing.since;
    standings.set(standing.order.id, { ...standing, since });
    changed();
  };
  const wait = (order: JobOrder, why: XylemError): void =>
    stand({ kind: 'waiting', order, since: formatTime(clock.now()), why });

  const ended = async (record: JobRecord, result: JobResult): Promise<void> => {
    const { order } = record;
    unwritten.set(order.id, { ...record, result });
    stand({ kind: 'ended', order, since: formatTime(clock.now()), result });
    await writeEnded();
  };
  /** What can't be written is told all the same; an agent that goes down before it could be has been interrupted. */
  const writeEnded = async (): Promise<void> => {
    for (const [id, record] of unwritten) {
      try {
        await fileOf(id).write(record);
        unwritten.delete(id);
      } catch (cause) {
        log.warn('result of a job not written down', { id, cause });
      }
    }
  };

  const begin = async (order: JobOrder): Promise<void> => {
    const { id, component } = order;
    if (underWay.has(id) || standings.get(id)?.kind === 'ended') return;
    const record = unwritten.get(id) ?? (await fileOf(id).read());
    if (record !== null) {
      const cutOff = 'The agent or its machine went down while it ran; it is not begun again.';
      if (record.result === null) return await ended(record, interrupted(cutOff, record.begun));
      return stand({ kind: 'ended', order, since: record.begun, result: record.result });
    }
    const fresh = { order, begun: formatTime(clock.now()) };
    const why = options.refuses();
    if (why !== null) return await ended({ ...fresh, result: null }, refused('E_JOB_REFUSED', why));
    const plansBefore = plans;
    const slot = (await options.observe()).get(component);
    const verdict = options.preflights?.mayLook(id, slot) ?? mayBegin(order, slot);
    if (verdict.kind === 'refuse')
      return await ended({ ...fresh, result: null }, refused(verdict.why.code, verdict.why.message));
    if (verdict.kind === 'wait') return wait(order, verdict.why);
    const isChanging = busy.has(component) || plans !== plansBefore;
    if (isChanging) return wait(order, new XylemError('E_JOB_WAITS', `${component} is just being changed.`));
    const others = [...underWay.values()];
    if (others.length >= mostAtOnce || others.some((one) => one.component === component))
      return wait(order, new XylemError('E_JOB_WAITS', 'Other jobs run on this host first.'));
    const end = new AbortController();
    // From here to `set` nothing waits: a plan that begins now finds it.
    const signal = AbortSignal.any([tools.signal, end.signal]);
    const run = () =>
      verdict.kind === 'look'
        ? verdict.look(signal)
        : runJob(order, verdict.job, verdict.placed, { ...tools, signal });
    const over = carryOut({ ...fresh, result: null }, run, signal).finally(() => underWay.delete(id));
    underWay.set(id, { component, end, over });
  };

  const carryOut = async (
    record: JobRecord,
    run: () => Promise<JobResult>,
    signal: AbortSignal,
  ): Promise<void> => {
    const { order } = record;
    try {
      await fileOf(order.id).write(record);
    } catch (error) {
      return wait(order, codedFault(error, `noting the job ${order.job} of ${order.component}`));
    }
    stand({ kind: 'running', order, since: record.begun });
    log.info('job begins', { id: order.id, component: order.component, job: order.job });
    const result = await run().catch((error: unknown): JobResult => {
      const fault = codedFault(error, `the job ${order.job} of ${order.component}`);
      return interrupted(
        signal.aborted ? String((signal.reason as Error).message) : fault.message,
        record.begun,
      );
    });
    log.info('job ended', { id: order.id, outcome: result.outcome, exitCode: result.exitCode });
    await ended(record, result);
    looked.wake();
  };

  const look = async (): Promise<void> => {
    const orders = options.ordered();
    if (orders === null) return;
    const ids = new Set(orders.map(({ id }) => id));
    for (const [id, { end, over }] of underWay) {
      if (ids.has(id)) continue;
      end.abort(new XylemError('E_JOB_INTERRUPTED', 'The order was taken back while it ran.'));
      await over;
    }
    await writeEnded();
    await options.preflights?.clear((id) => underWay.has(id));
    for (const order of orders) await begin(order);
    let isGone = false;
    for (const id of standings.keys()) {
      if (ids.has(id) || underWay.has(id)) continue;
      standings.delete(id);
      isGone = true;
    }
    if (!isGone) return;
    changed();
    await forgetOld(ids);
  };

  /** The newest stay: an order that a restored root server gives once more is answered from them. */
  const forgetOld = async (ids: ReadonlySet<string>): Promise<void> => {
    const names = (await readdir(layout.jobs)).filter((name) => /^[0-9a-f]{32}\.json$/.test(name));
    const past = names.filter((name) => !ids.has(name.slice(0, 32)) && !unwritten.has(name.slice(0, 32)));
    const found: { path: string; changedMs: number; sizeBytes: number }[] = [];
    for (const name of past) {
      const path = join(layout.jobs, name);
      const { mtimeMs, size } = await stat(path);
      found.push({ path, changedMs: mtimeMs, sizeBytes: size });
    }
    found.sort((a, b) => b.changedMs - a.changedMs);
    for (const { path } of found.slice(mostKept)) await rm(path, { force: true });
    for (const { path, sizeBytes } of found.slice(mostWhole, mostKept)) {
      if (sizeBytes < 8_192) continue;
      const file = jobRecordFile(path, log);
      const record = await file.read();
      if (record?.result) await file.write({ ...record, result: withoutTexts(record.result) });
    }
  };

  /** What an agent that was killed left running, and its folder. */
  const clearFormer = async (): Promise<void> => {
    await mkdir(layout.jobs, { recursive: true, mode: 0o700 });
    for (const name of await readdir(layout.journal).catch(() => []))
      if (name.endsWith('.job')) await endNoted(join(layout.journal, name));
    for (const component of await readdir(layout.components).catch(() => []))
      await rm(layout.component(component).job, { recursive: true, force: true });
  };

  return {
    reports: () => reportedJobs([...standings.values()]),
    look: () => looked.wake(),
    aside: {
      begin: ({ component }) => {
        plans += 1;
        busy.set(component, (busy.get(component) ?? 0) + 1);
      },
      touch: async ({ component, action }) => {
        if (!disturbing.has(action)) return;
        for (const one of underWay.values()) {
          if (one.component !== component) continue;
          one.end.abort(new XylemError('E_JOB_INTERRUPTED', `${component} was changed while it ran.`));
          await one.over;
        }
      },
      end: ({ component }) => {
        busy.delete(component);
        looked.wake();
      },
    },
    run: async () => {
      const { signal } = tools;
      try {
        let isClear = false;
        while (!signal.aborted) {
          try {
            if (!isClear) await clearFormer();
            isClear = true;
            await look();
          } catch (cause) {
            if (!signal.aborted) log.error('jobs could not be looked after', { cause });
          }
          const isWaiting =
            [...standings.values()].some(({ kind }) => kind === 'waiting') || unwritten.size > 0;
          await looked.sleep(isWaiting || !isClear ? waitMs : 60_000, signal).catch(() => undefined);
        }
      } finally {
        // The lock of the state folder is given back only when nothing of this agent runs any more.
        await Promise.all([...underWay.values()].map(({ over }) => over));
      }
    },
  };
}
