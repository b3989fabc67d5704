import { defaultStages, type EnvironmentSpec, refuseBadOrder, XylemError } from '@xylem/core';
import { parseEnvironmentYaml, yamlFault } from '@xylem/core/yaml';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { type EnvironmentRow, fullName } from './names.ts';

/** The stages of a tenant in their order. One that has none of its own, or is not there yet, has the default. */
export async function stagesOf(db: Database, tenant: string): Promise<readonly string[]> {
  const row = await db.selectFrom('tenants').select('stages').where('tenant', '=', tenant).executeTakeFirst();
  return orderOf(row?.stages ?? null);
}

export const orderOf = (stages: string | null): readonly string[] =>
  stages === null ? defaultStages : (JSON.parse(stages) as string[]);

/** The environments of a tenant, each with what its YAML says. */
export async function environmentsOf(
  db: Database,
  tenant: string,
): Promise<readonly { readonly row: EnvironmentRow; readonly spec: EnvironmentSpec }[]> {
  const rows = await db
    .selectFrom('environments')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('environment')
    .execute();
  return rows.map((row) => ({ row, spec: parseEnvironmentYaml(row.yaml, fullName(row)) }));
}

/** Who changes an order, and who gives an environment a stage of it, go one after the other. */
export const stagesLock = (tenant: string): string => `stages/${tenant}`;

/** A stage that is in no order would come after none and before none. @throws XylemError E_INPUT at its place */
export async function refuseUnknownStage(
  db: Database,
  tenant: string,
  yaml: string,
  name: string,
  { stage }: EnvironmentSpec,
): Promise<void> {
  if (stage === undefined) return;
  const order = await stagesOf(db, tenant);
  if (order.includes(stage)) return;
  throw yamlFault(yaml, name, ['stage'], `expected a stage of ${tenant}: ${order.join(', ')}`);
}

/**
 * Gives a tenant an order of its own.
 * @throws XylemError E_NOT_FOUND, E_INPUT (a stage twice), E_CONFLICT (an environment has a stage that would be gone)
 */
export async function setStages(
  { db, clock }: Root,
  who: string,
  tenant: string,
  stages: readonly string[],
): Promise<{ tenant: string; stages: string[] }> {
  refuseBadOrder(stages);
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, stagesLock(tenant));
    const row = await trx.selectFrom('tenants').selectAll().where('tenant', '=', tenant).executeTakeFirst();
    if (row === undefined) throw noTenant(tenant);
    for (const { row: environment, spec } of await environmentsOf(trx, tenant)) {
      if (spec.stage === undefined || stages.includes(spec.stage)) continue;
      throw new XylemError(
        'E_CONFLICT',
        `${fullName(environment)} has the stage ${spec.stage}, which the new order lacks. Change it first: \`xylem env edit ${fullName(environment)}\`.`,
      );
    }
    const before = orderOf(row.stages);
    if (before.join() !== stages.join()) {
      await trx
        .updateTable('tenants')
        .set({ stages: JSON.stringify(stages) })
        .where('tenant', '=', tenant)
        .execute();
      await appendAudit(trx, clock.now(), {
        who,
        what: 'tenant.stages',
        subject: `tenant/${tenant}`,
        before: { stages: before },
        after: { stages },
      });
    }
    return { tenant, stages: [...stages] };
  });
}

export const noTenant = (tenant: string): XylemError =>
  new XylemError('E_NOT_FOUND', `There is no tenant ${tenant}. \`xylem tenant list\` shows yours.`);
