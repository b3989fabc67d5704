import { definitionOf, type Probe, type ProbeResult } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** The last results of an environment's probes as they are defined now. */
export async function resultsOf(
  db: Database,
  environment: string,
  probes: readonly Probe[],
): Promise<ProbeResult[]> {
  const rows = await db
    .selectFrom('probe_results')
    .selectAll()
    .where('environment', '=', environment)
    .orderBy('name')
    .execute();
  const present = new Set(probes.map((probe) => `${probe.name} ${definitionOf(probe)}`));
  return rows
    .filter(({ name, definition }) => present.has(`${name} ${definition}`))
    .map(({ name, definition: of, state, reason, since_ms: since, at_ms: at }) => ({
      name,
      of,
      state: state as ProbeResult['state'],
      reason,
      since,
      at,
    }));
}

export async function saveResults(
  db: Database,
  results: readonly (ProbeResult & { readonly environment: string })[],
): Promise<void> {
  if (results.length === 0) return;
  await db.transaction().execute(async (trx) => {
    for (const { environment, name, of: definition, state, reason, since: since_ms, at: at_ms } of results) {
      const values = { definition, state, reason, since_ms, at_ms };
      await trx
        .insertInto('probe_results')
        .values({ environment, name, ...values })
        .onConflict((c) => c.columns(['environment', 'name']).doUpdateSet(values))
        .execute();
    }
  });
}
