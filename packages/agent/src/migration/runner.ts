import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MigrationReport } from '@xylem/core';
import type { ExecutorTools } from '../converge/apply/executor.ts';
import { codedFault } from '../converge/faults.ts';
import type { Accepted, OrderedMigration } from '../direction/wanted.ts';
import type { Wake } from '../run/wake.ts';
import { carryOut } from './carry-out.ts';
import { nextAct, type RunRecord, reportOf, runFile } from './record.ts';

export interface MigrationRunner {
  /** Until the signal ends it. */
  run(): Promise<void>;
  /** Direction may name another runner, or a higher term. */
  directionChanged(): void;
  /** What this host did last for each database. */
  reports(): readonly MigrationReport[];
}

export interface RunnerOptions {
  readonly tools: Pick<
    ExecutorTools,
    'layout' | 'node' | 'secrets' | 'clock' | 'log' | 'signal' | 'fetchTree'
  >;
  readonly environment: string;
  readonly accepted: () => Pick<Accepted, 'migrations'> | null;
  readonly looked: Wake;
  /** Pause before what failed for a passing reason (a parent that is away, a full disk) is tried again. */
  readonly retryMs: number;
  /** Something that a report says has changed. */
  readonly changed: () => void;
}

/** What is under way for one database. */
interface UnderWay {
  readonly term: number;
  readonly end: AbortController;
  readonly over: Promise<void>;
}

/**
 * Does what direction orders of this host as the runner of migrations.
 *
 * Invariant: for one database one program runs at most, and none under another term than the newest that this host
 * accepted. That nothing is written by a runner that has not heard of its successor is the fence's, in the database.
 */
export function migrationRunner(options: RunnerOptions): MigrationRunner {
  const { tools, looked } = options;
  const place = (database: string) => tools.layout.migration(options.environment, database);
  const underWay = new Map<string, UnderWay>();
  const known = new Map<string, RunRecord>();

  const note = (record: RunRecord): void => {
    known.set(record.database, record);
    options.changed();
  };

  const look = async (): Promise<void> => {
    const ordered = options.accepted()?.migrations ?? [];
    for (const [database, { term, end, over }] of underWay) {
      if (ordered.some(({ order }) => order.database === database && order.term === term)) continue;
      end.abort(new Error('direction names another runner or term'));
      await over;
    }
    for (const one of ordered) await begin(one);
  };

  const begin = async (ordered: OrderedMigration): Promise<void> => {
    const { database, term } = ordered.order;
    if (underWay.has(database)) return;
    await mkdir(dirname(place(database).record), { recursive: true, mode: 0o700 });
    const file = runFile(place(database).record, tools.log);
    const before = await file.read();
    if (before !== null) note(before);
    if (nextAct(before, ordered.order) === 'nothing') return;
    const end = new AbortController();
    const signal = AbortSignal.any([tools.signal, end.signal]);
    const over = carryOut({ ...tools, signal }, place(database), ordered, before, async (record) => {
      await file.write(record);
      note(record);
    })
      .catch(async (error: unknown) => {
        if (signal.aborted) return;
        // A parent that is away, a full disk: nothing is decided by it.
        tools.log.warn('migration not carried out', {
          database,
          term,
          cause: codedFault(error, `migrating ${database}`),
        });
        await tools.clock.sleep(options.retryMs, signal).catch(() => undefined);
      })
      .finally(() => {
        underWay.delete(database);
        looked.wake();
      });
    underWay.set(database, { term, end, over });
  };

  return {
    reports: () => [...known.values()].map(reportOf).sort((a, b) => (a.database < b.database ? -1 : 1)),
    directionChanged: () => looked.wake(),
    run: async () => {
      const { signal } = tools;
      try {
        while (!signal.aborted) {
          await look().catch((cause: unknown) => {
            if (!signal.aborted) tools.log.error('migrations could not be looked after', { cause });
          });
          await looked.sleep(60_000, signal).catch(() => undefined);
        }
      } finally {
        // The lock of the state folder is given back only when nothing of this agent runs any more.
        await Promise.all([...underWay.values()].map(({ over }) => over));
      }
    },
  };
}
