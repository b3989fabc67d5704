import type { PlanTest } from '@xylem/core';
import { type FileTests, type PlanFile, parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { namedRelease } from '../deployments/choose-release.ts';
import { fullName } from '../environments/names.ts';
import { documentsOf } from '../migrations/rows.ts';
import type { WantedStage } from './prepare.ts';

/**
 * The stages of a plan file with their tests, those that policies demand looked up.
 * @throws XylemError E_INPUT at its place in the file: a job that the release does not have, or policies that name none
 */
export async function withTests(
  db: Database,
  plan: PlanFile,
  version: string | null,
  stages: readonly WantedStage[],
): Promise<readonly WantedStage[]> {
  if (version === null || plan.stages.every(({ tests }) => tests === null)) return stages;
  const jobs = await jobsOf(db, plan.product, version);
  const tested = stages.map((stage, index): WantedStage => {
    const asked = plan.stages[plan.isByOrder ? 0 : index]?.tests ?? null;
    if (asked === null) return stage;
    const { path: _path, jobs: wanted, ...rest } = asked;
    const named = wanted === 'policy' ? demandedBy(stages.slice(index + 1)) : wanted;
    refuseUnknown(plan, version, asked, named, jobs);
    return named.length === 0 ? stage : { ...stage, tests: { ...rest, jobs: named } };
  });
  const [first] = plan.stages.flatMap(({ tests }) => (tests?.jobs === 'policy' ? [tests] : []));
  if (first !== undefined && tested.every(({ tests }) => tests === undefined))
    plan.refuse(
      first.path,
      'expected environments in later stages whose policy.after names tests; none does. Name the jobs here',
    );
  return tested;
}

/** What `after` of these stages' gates and of their environments' policies demands, each once. */
function demandedBy(later: readonly WantedStage[]): PlanTest[] {
  const found = new Map<string, PlanTest>();
  const policies = later.flatMap(({ environments, gates = {} }) => [
    gates,
    ...environments.map((row) => parseEnvironmentYaml(row.yaml, fullName(row)).policy),
  ]);
  for (const { after } of policies) {
    if (after === undefined || after === 'none') continue;
    for (const { component, job } of after.tests ?? []) found.set(`${component} ${job}`, { component, job });
  }
  return [...found.values()];
}

/** By component of the release, the names of its jobs. */
async function jobsOf(
  db: Database,
  product: string,
  version: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { packages } = (await namedRelease(db, product, version)).release;
  const documents = await documentsOf(
    db,
    packages.map((one) => one.package),
  );
  return new Map(
    packages.map((one) => [one.component, Object.keys(documents.get(one.package)?.jobs ?? {}).sort()]),
  );
}

function refuseUnknown(
  { product, refuse }: PlanFile,
  version: string,
  { jobs: asked, path }: FileTests,
  named: readonly PlanTest[],
  jobs: ReadonlyMap<string, readonly string[]>,
): void {
  for (const [index, { component, job }] of named.entries()) {
    const own = jobs.get(component);
    const at = asked === 'policy' ? path : [...path, index, own === undefined ? 'component' : 'job'];
    if (own === undefined)
      refuse(at, `expected a component of ${product}@${version}, which has no ${component}`);
    else if (!own.includes(job)) {
      const has = own.length === 0 ? 'it has none' : `it has ${own.join(', ')}`;
      refuse(at, `expected a job of ${component} in ${product}@${version}, not ${job}; ${has}`);
    }
  }
}
