import { parentRuleLimits, parseSelector, parseSubnets, XylemError } from '@xylem/core';
import type { ParentRuleMove } from '../api/schemas/parent-rules.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { reparentingLock } from '../reparenting/rows.ts';
import type { Root } from '../root.ts';
import { lookAtParentRules } from './look.ts';
import { previewParentRules } from './preview.ts';
import { type ParentRuleRow, rulesIn } from './rows.ts';

export interface NewParentRule {
  readonly name: string;
  readonly where: string;
  readonly subnets: readonly string[];
  readonly parents: readonly string[];
  readonly priority: number;
}

const rowOf = (
  { name, where, subnets, parents, priority }: NewParentRule,
  who: string,
  nowMs: number,
): Omit<ParentRuleRow, 'environment'> => ({
  name,
  priority,
  selector: where,
  subnets: JSON.stringify(subnets),
  parents: JSON.stringify(parents),
  set_by: who,
  set_ms: nowMs,
  note: null,
});

/**
 * Adds a rule to environments, or replaces the one of that name, and looks at all their hosts.
 * @throws XylemError E_SELECTOR, E_INPUT, E_CONFLICT
 */
export async function setParentRule(
  root: Root,
  environments: readonly EnvironmentRow[],
  rule: NewParentRule,
  who: string,
): Promise<void> {
  requireWritten(rule);
  const nowMs = root.clock.now();
  const values = rowOf(rule, who, nowMs);
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, reparentingLock);
    for (const environment of environments) {
      const before = requireRoom(environment, await rulesIn(trx, environment.id), rule.name);
      await trx
        .insertInto('parent_rules')
        .values({ environment: environment.id, ...values })
        .onConflict((c) => c.columns(['environment', 'name']).doUpdateSet(values))
        .execute();
      await written(trx, nowMs, {
        who,
        what: 'parent-rule.set',
        subject: `parent-rule/${rule.name}`,
        environment: environment.id,
        before: before === undefined ? null : auditedOf(before),
        after: auditedOf(values),
      });
    }
  });
  await lookAtParentRules(root);
}

/** Who would go where by it, and by what it leaves to others. @throws XylemError as `setParentRule` */
export async function previewSet(
  root: Root,
  environments: readonly EnvironmentRow[],
  rule: NewParentRule,
  who: string,
): Promise<ParentRuleMove[]> {
  requireWritten(rule);
  const values = rowOf(rule, who, root.clock.now());
  const named = new Map(environments.map((row) => [row.id, row]));
  return await previewParentRules(root, environments, (rules, id) => {
    const environment = named.get(id);
    if (environment !== undefined) requireRoom(environment, rules, rule.name);
    return [...rules.filter(({ name }) => name !== rule.name), { environment: id, ...values }];
  });
}

/** @throws XylemError E_SELECTOR, E_INPUT */
function requireWritten({ where, subnets }: NewParentRule): void {
  parseSelector(where);
  parseSubnets(subnets);
}

/** @returns the rule of that name @throws XylemError E_CONFLICT */
function requireRoom(
  environment: EnvironmentRow,
  rules: readonly ParentRuleRow[],
  name: string,
): ParentRuleRow | undefined {
  const before = rules.find((row) => row.name === name);
  if (before !== undefined || rules.length < parentRuleLimits.rules) return before;
  throw new XylemError(
    'E_CONFLICT',
    `${fullName(environment)} has ${rules.length} parent rules, and no more are looked at. Remove one: xylem parent-rule remove`,
  );
}

/** Who would go where without it: to the next rule that fits. Hosts that none fits stay. @throws XylemError E_NOT_FOUND */
export async function previewRemove(
  root: Root,
  environments: readonly EnvironmentRow[],
  name: string,
): Promise<{ readonly left: readonly EnvironmentRow[]; readonly moves: readonly ParentRuleMove[] }> {
  const left = new Set<string>();
  const moves = await previewParentRules(root, environments, (rules, id) => {
    if (rules.some((rule) => rule.name === name)) left.add(id);
    return rules.filter((rule) => rule.name !== name);
  });
  if (left.size === 0) throw noRule(name);
  return { left: environments.filter(({ id }) => left.has(id)), moves };
}

const noRule = (name: string): XylemError =>
  new XylemError(
    'E_NOT_FOUND',
    `There is no parent rule ${name} there. \`xylem parent-rule list\` shows them.`,
  );

/** Hosts keep the parents that it gave until another rule fits. @throws XylemError E_NOT_FOUND */
export async function removeParentRule(
  root: Root,
  environments: readonly EnvironmentRow[],
  name: string,
  who: string,
): Promise<EnvironmentRow[]> {
  const nowMs = root.clock.now();
  const left: EnvironmentRow[] = [];
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, reparentingLock);
    for (const environment of environments) {
      const before = await trx
        .deleteFrom('parent_rules')
        .where('environment', '=', environment.id)
        .where('name', '=', name)
        .returningAll()
        .executeTakeFirst();
      if (before === undefined) continue;
      left.push(environment);
      await written(trx, nowMs, {
        who,
        what: 'parent-rule.remove',
        subject: `parent-rule/${name}`,
        environment: environment.id,
        before: auditedOf(before),
        after: null,
      });
    }
    if (left.length === 0) throw noRule(name);
  });
  await lookAtParentRules(root);
  return left;
}

/** All hosts of the environment are due, and none waits because its addresses changed. */
async function written(
  trx: Database,
  nowMs: number,
  entry: Parameters<typeof appendAudit>[2] & { readonly environment: string },
): Promise<void> {
  await trx
    .updateTable('hosts')
    .set({ rule_due_ms: 0, rule_addresses_ms: null })
    .where('environment', '=', entry.environment)
    .where('retired', '=', 0)
    .execute();
  await appendAudit(trx, nowMs, entry);
}

const auditedOf = ({ priority, selector, subnets, parents }: Omit<ParentRuleRow, 'environment'>): object => ({
  priority,
  where: selector,
  subnets: JSON.parse(subnets) as string[],
  parents: JSON.parse(parents) as string[],
});
