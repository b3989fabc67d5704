import { type PlanStage, planProbeName, unverified, unverifiedOnHosts } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { askedIn } from '../verification/on-hosts.ts';
import { planResults } from '../verification/plan-probes.ts';
import { resultsOf } from '../verification/rows.ts';

/** Why what a stage wants verified can't be said to pass in an environment, in a few words; null: it can. */
export async function unverifiedIn(
  db: Database,
  environment: string,
  { plan, stage }: { readonly plan: string; readonly stage: number },
  wanted: PlanStage['verification'],
  afterMs: number,
  nowMs: number,
): Promise<string | null> {
  if (wanted === undefined) return null;
  const row = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', environment)
    .executeTakeFirstOrThrow();
  const { policy } = parseEnvironmentYaml(row.yaml, fullName(row));
  const probes = (policy.verify ?? []).filter(({ name }) => wanted.probes.includes(name));
  const stated = wanted.probes.some((one) => typeof one !== 'string')
    ? await planResults(db, plan, stage)
    : [];
  const results = await resultsOf(db, environment, probes);
  const asked = await askedIn(db, environment, probes, policy.reportEverySeconds, nowMs);
  const rules = { maxFailed: policy.watch?.maxFailed ?? null, maxUnavailable: policy.maxUnavailable };
  const passing = { seconds: wanted.seconds, afterMs, nowMs };
  const faults = wanted.probes.flatMap((one): string[] => {
    const name = planProbeName(one);
    if (typeof one !== 'string') {
      const last = stated.find((result) => result.name === name) ?? null;
      const own = unverified(one, last, passing);
      return own === null ? [] : [own];
    }
    const probe = probes.find((one) => one.name === name);
    if (probe === undefined) return [`there is no probe ${name} any more`];
    const onHosts = asked.find((one) => one.probe.name === name);
    const why =
      onHosts === undefined
        ? unverified(probe, results.find((one) => one.name === name) ?? null, passing)
        : unverifiedOnHosts(probe, onHosts.words, passing, rules);
    return why === null ? [] : [why];
  });
  return faults.length === 0 ? null : faults.join(', ');
}
