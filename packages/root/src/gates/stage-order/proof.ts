import { type AfterStage, incidentsMissing, type KnownRelease, testsMissing } from '@xylem/core';
import type { Database } from '../../db/tables.ts';
import { type EnvironmentRow, fullName } from '../../environments/names.ts';
import { openIncidents } from '../../incidents/open.ts';
import { jobResults } from '../../jobs/results.ts';

/** What a release lacks in an environment that comes before, besides having stood there; null: nothing. */
export async function unprovenAt(
  trx: Database,
  row: EnvironmentRow,
  { digest, release: { product, version } }: KnownRelease,
  { incidents, tests }: AfterStage,
): Promise<string | null> {
  const environment = fullName(row);
  if (tests !== undefined) {
    const runs = [];
    for (const { component, job } of tests)
      runs.push(...(await jobResults(trx, { release: digest, environment: row.id, component, job })));
    const missing = testsMissing(runs, tests, { environment, version });
    if (missing !== null) return missing;
  }
  if (incidents === undefined) return null;
  const open = await openIncidents(trx, row.id);
  return incidentsMissing(open, { product, demand: incidents, environment });
}
