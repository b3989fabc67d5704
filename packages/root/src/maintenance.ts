import { tellDeadlines } from './deployments/deadlines.ts';
import { retireReplaced } from './hosts/successors.ts';
import { evaluateIncidents } from './incidents/evaluate.ts';
import { forgetIncidents } from './incidents/forget.ts';
import { watchFailedPlans } from './incidents/of-plans.ts';
import { watchQuestions } from './incidents/questions.ts';
import { watchExpiries, watchHosts } from './incidents/watch.ts';
import { settleJobs } from './jobs/settle.ts';
import { driveMigrations } from './migrations/drive.ts';
import { settleMoves } from './moves/settle.ts';
import { forgetOld } from './notify/line.ts';
import { lookAtParentRules } from './parent-rules/look.ts';
import type { Patching } from './patches/patching.ts';
import { settlePreflights } from './plans/settle-preflights.ts';
import { driveRecalls } from './recalls/drive.ts';
import { driveReparentings } from './reparenting/drive.ts';
import type { Root } from './root.ts';
import { readFigures } from './verification/figures.ts';

export interface MaintenanceOptions {
  readonly root: Root;
  readonly renewCertificate: () => Promise<void>;
  /** Null: no patches are made. */
  readonly patching: Patching | null;
  readonly signal: AbortSignal;
}

/** Hosts that fall silent are noticed by the clock alone. */
const evaluateEveryMs = 30_000;
/** No work where nothing is due. */
const dueEveryMs = 2_000;
/** Due ones alone are asked. */
const probesEveryMs = 2_000;
const figuresEveryMs = 15_000;
const deadlinesEveryMs = 30_000;
const migrationsEveryMs = 5_000;
const recallsEveryMs = 10_000;
const reparentingsEveryMs = 3_000;
/** Hosts that are due alone are looked at. */
const parentRulesEveryMs = 3_000;
const successorsEveryMs = 60_000;
const movesEveryMs = 30_000;
const patchesEveryMs = 10_000;
const jobsEveryMs = 60_000;
const incidentsEveryMs = 10_000;
/** Of the longest time that a host may be silent that is little. */
const watchEveryMs = 60_000;
/** Metadata falls due by the day; looking each hour spreads many repositories over the day. */
const renewEveryMs = 3600_000;

const forgetEveryMs = 3600_000;

/** How long 1,000 new entries of the audit log wait for a checkpoint. */
const auditEveryMs = 45_000;

/** What must happen though nobody asks: silence noticed, metadata and the own certificate renewed. Ends with the signal. */
export async function runMaintenance({
  root,
  renewCertificate,
  patching,
  signal,
}: MaintenanceOptions): Promise<void> {
  const { clock, randomness, log } = root;
  const every = async (
    ms: number,
    what: string,
    work: () => Promise<unknown>,
    first?: 'at once',
  ): Promise<void> => {
    if (first === 'at once') await work().catch((error: unknown) => log.error(`${what} failed`, { error }));
    for (;;) {
      try {
        await clock.sleep(ms * (0.9 + 0.2 * randomness.fraction()), signal);
      } catch {
        return;
      }
      await work().catch((error: unknown) => log.error(`${what} failed`, { error }));
    }
  };
  await Promise.all([
    every(evaluateEveryMs, 'looking at deployments', async () => {
      await root.deploying.evaluateAll();
      await root.deploying.startWaiting();
      await root.deploying.plans.driveAll();
    }),
    every(dueEveryMs, 'looking at bakes', () => root.deploying.evaluateDue()),
    every(probesEveryMs, 'asking probes', () => root.prober.go(), 'at once'),
    every(figuresEveryMs, 'reading figures', () => readFigures(root), 'at once'),
    every(deadlinesEveryMs, 'telling of deadlines', () => tellDeadlines(root), 'at once'),
    every(migrationsEveryMs, 'driving migrations', () => driveMigrations(root), 'at once'),
    every(recallsEveryMs, 'going on with recalls', () => driveRecalls(root), 'at once'),
    every(reparentingsEveryMs, 'going on with reparentings', () => driveReparentings(root), 'at once'),
    every(parentRulesEveryMs, 'looking at parent rules', () => lookAtParentRules(root), 'at once'),
    every(successorsEveryMs, 'looking at replaced hosts', () => retireReplaced(root), 'at once'),
    every(movesEveryMs, 'looking at move requests', () => settleMoves(root), 'at once'),
    every(patchesEveryMs, 'looking at patches', async () => await patching?.look(), 'at once'),
    every(jobsEveryMs, 'looking at jobs', () => settleJobs(root), 'at once'),
    every(jobsEveryMs, 'looking at preflights', () => settlePreflights(root), 'at once'),
    every(incidentsEveryMs, 'looking at incidents', () => evaluateIncidents(root), 'at once'),
    every(watchEveryMs, 'looking for silent hosts', () => watchHosts(root), 'at once'),
    every(watchEveryMs, 'looking for questions without an answer', () => watchQuestions(root), 'at once'),
    every(watchEveryMs, 'looking at failed plans', () => watchFailedPlans(root), 'at once'),
    every(renewEveryMs, 'looking for what ends soon', () => watchExpiries(root), 'at once'),
    every(auditEveryMs, 'looking after the audit log', () => root.audit.maintain(signal), 'at once'),
    every(forgetEveryMs, 'forgetting old deliveries', () => forgetOld(root.db, root.clock.now())),
    every(forgetEveryMs, 'forgetting old incidents', () => forgetIncidents(root.db, root.clock.now())),
    every(renewEveryMs, 'renewing metadata', async () => {
      await renewCertificate();
      await root.releases?.publish();
      await root.directing.publishAll();
    }),
  ]);
}
