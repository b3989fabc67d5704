import { type PreflightSeen, preflightSeen } from '@xylem/core';
import type { PlanPreflights } from '../api/schemas/plan-found.ts';
import type { Database } from '../db/tables.ts';
import { codesOf, preflightRuns } from '../jobs/preflights.ts';

const mostNamed = 50;

/** What hosts said beforehand of a plan, by environment; none where nobody was asked. */
export async function hostsSaid(
  db: Database,
  plan: string,
  environments: readonly string[],
): Promise<ReadonlyMap<string, PlanPreflights>> {
  const runs = await preflightRuns(db, plan, environments);
  const seen = new Map<string, PreflightSeen>();
  // Who was asked is who counts: whom the plan would change by now costs all their reports.
  for (const [environment, own] of Map.groupBy(runs, (run) => run.environment))
    seen.set(environment, preflightSeen(own, own));
  const named = [...seen.values()].flatMap(({ words }) => words.slice(0, mostNamed));
  const codes = await codesOf(
    db,
    named.map(({ run }) => run),
  );
  return new Map(
    [...seen].map(([environment, { counts, words }]) => [
      environment,
      {
        counts: { ...counts },
        words: words
          .slice(0, mostNamed)
          .map(({ host: _host, ...word }) => ({ ...word, code: codes.get(word.run) ?? null })),
        more: Math.max(0, words.length - mostNamed),
      },
    ]),
  );
}
