import { type ErrorCode, XylemError } from '@xylem/core';
import { changePolicyFault } from '@xylem/core/windows';
import { type PlanFile, type PlanFileStage, parseEnvironmentYaml, parsePlanYaml } from '@xylem/core/yaml';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, environmentsChosen, fullName } from '../environments/names.ts';
import { stagesOf } from '../environments/stages.ts';
import { badStatementKey } from '../environments/statement-keys.ts';
import { listChannels } from '../publishing/channels.ts';
import type { Root } from '../root.ts';
import { writtenFault } from '../verification/addresses.ts';
import { withTests } from './file-tests.ts';
import type { WantedPlan, WantedStage } from './prepare.ts';

/**
 * What a plan file asks for, its patterns and channel looked up.
 * @param within environments that whoever asks may operate: others are not there
 * @param requireProduct throws where the product is not there for them
 * @param mayAskInside whether probes of the plan itself may go to networks inside
 * @throws XylemError E_INPUT, E_NOT_FOUND or E_WINDOW_INVALID at its place in the file
 */
export async function planFromFile(
  { db, config, clock }: Pick<Root, 'db' | 'config' | 'clock'>,
  yaml: string,
  file: string,
  within: Within,
  requireProduct: (product: string) => Promise<void>,
  mayAskInside: boolean,
): Promise<WantedPlan> {
  const plan = parsePlanYaml(yaml, file);
  await requireProduct(plan.product);
  const version = plan.version ?? (await channelOf(db, plan));
  const taken = new Set<string>();
  const stages: WantedStage[] = [];
  for (const stage of plan.stages) {
    refuseBadPeriods(plan, stage, clock.now());
    const environments = await chosen(db, plan, stage, config.tenant, within, taken);
    for (const { id } of environments) taken.add(id);
    refuseBadProbes(plan, stage, environments, mayAskInside);
    refuseBadKeys(plan, stage);
    stages.push({ name: stage.name, ...stage.rules, environments });
  }
  return {
    kind: version === null ? 'undeploy' : 'deploy',
    product: plan.product,
    version,
    ...(plan.skipUnfit ? { skipUnfit: true as const } : {}),
    ...(plan.urgent ? { urgent: true as const } : {}),
    ...(plan.why === null ? {} : { why: plan.why }),
    ...(plan.passes === null ? {} : { passes: [...plan.passes] }),
    ...(plan.forces === null ? {} : { forces: [...plan.forces] }),
    ...(plan.deadlineSeconds === null ? {} : { deadlineSeconds: plan.deadlineSeconds }),
    ...(plan.purgeData ? { purgeData: true as const } : {}),
    ...(plan.change === null ? {} : { change: plan.change }),
    ...(plan.notify === null ? {} : { notify: plan.notify }),
    stages: await withTests(db, plan, version, plan.isByOrder ? await byOrder(db, stages) : stages),
  };
}

async function channelOf(db: Database, { product, channel, refuse }: PlanFile): Promise<string | null> {
  if (channel === null) return null;
  const found = (await listChannels(db, product)).find((entry) => entry.channel === channel);
  return found?.version ?? refuse(['release'], `expected a channel of ${product} that there is`);
}

/** Found when it is written: the plan would stand for ever. @throws XylemError E_WINDOW_INVALID */
function refuseBadPeriods({ refuse }: PlanFile, { path, rules }: PlanFileStage, nowMs: number): void {
  const { windows, freezes } = rules;
  const fault = changePolicyFault(
    { ...(windows === undefined ? {} : { windows }), ...(freezes === undefined ? {} : { freezes }) },
    nowMs,
  );
  if (fault === null) return;
  refuseAs('E_WINDOW_INVALID', () => refuse([...path, 'schedule', fault.list, fault.index], fault.sentence));
}

/** @throws XylemError E_INPUT */
function refuseBadProbes(
  { refuse }: PlanFile,
  { path, rules }: PlanFileStage,
  environments: readonly EnvironmentRow[],
  mayAskInside: boolean,
): void {
  for (const [index, wanted] of (rules.verification?.probes ?? []).entries()) {
    const at = [...path, 'verification', 'probes', index];
    if (typeof wanted !== 'string') {
      const fault = writtenFault(wanted, mayAskInside);
      if (fault !== null) refuse([...at, fault.key], fault.clause);
      continue;
    }
    const without = environments.find((row) => {
      const { verify = [] } = parseEnvironmentYaml(row.yaml, fullName(row)).policy;
      return !verify.some(({ name }) => name === wanted);
    });
    if (without === undefined) continue;
    const sentence = `expected a probe of policy.verify; ${fullName(without)} has no ${wanted}`;
    refuse(at, sentence);
  }
}

/** @throws XylemError E_INPUT */
function refuseBadKeys({ refuse }: PlanFile, { path, rules }: PlanFileStage): void {
  const bad = badStatementKey(rules.gates?.provenance);
  if (bad !== null) refuse([...path, 'gates', 'provenance', ...bad.path], `expected ${bad.clause}`);
}

/** With another code, at its place in the file. */
function refuseAs(code: ErrorCode, refuse: () => never): never {
  try {
    return refuse();
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    throw new XylemError(code, error.message, { details: error.details });
  }
}

async function chosen(
  db: Database,
  { refuse }: PlanFile,
  { name, to, where, path }: PlanFileStage,
  tenant: string,
  within: Within,
  taken: ReadonlySet<string>,
): Promise<EnvironmentRow[]> {
  let found: EnvironmentRow[];
  try {
    const choice = { environments: to, ...(where === null ? {} : { where }) };
    found = await environmentsChosen(db, choice, tenant, within);
  } catch (error) {
    if (!(error instanceof XylemError) || error.code !== 'E_NOT_FOUND') throw error;
    const sentence = error.message.replace(/\.$/, '');
    return refuseAs('E_NOT_FOUND', () => refuse([...path, where === null ? 'to' : 'where'], sentence));
  }
  const left = found.filter(({ id }) => !taken.has(id));
  if (left.length > 0) return left;
  return refuse([...path, 'to'], `expected an environment that no earlier stage has; ${name} has none left`);
}

/** Environments without a stage, and those of tenants whose order lacks it, come last, together. */
async function byOrder(db: Database, stages: readonly WantedStage[]): Promise<readonly WantedStage[]> {
  const [only] = stages;
  if (only === undefined) return stages;
  const { environments, name: _name, ...rules } = only;
  const places = new Map<string, { at: number; rows: EnvironmentRow[] }>();
  for (const row of environments) {
    const { stage } = parseEnvironmentYaml(row.yaml, fullName(row));
    const order = await stagesOf(db, row.tenant);
    const at = stage === undefined ? order.length : order.indexOf(stage);
    const place = places.get(stage ?? 'all') ?? { at: 0, rows: [] };
    // Tenants may order them otherwise: it comes as late as any of them says.
    places.set(stage ?? 'all', { at: Math.max(place.at, at), rows: [...place.rows, row] });
  }
  return [...places]
    .sort(([a, one], [b, other]) => Number(a === 'all') - Number(b === 'all') || one.at - other.at)
    .map(([name, { rows }]) => ({ name, ...rules, environments: rows }));
}
