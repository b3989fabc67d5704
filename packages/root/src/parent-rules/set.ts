import { parentRuleLimits, parseSelector, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { reparentingLock } from '../reparenting/rows.ts';
import type { Root } from '../root.ts';
import { lookAtParentRules } from './look.ts';
import { type ParentRuleRow, rulesIn } from './rows.ts';

export interface NewParentRule {
  readonly name: string;
  readonly where: string;
  readonly parents: readonly string[];
  readonly priority: number;
}

/**
 * Adds a rule to environments, or replaces the one of that name, and looks at all their hosts.
 * @throws XylemError E_SELECTOR, E_CONFLICT
 */
export async function setParentRule(
  root: Root,
  environments: readonly EnvironmentRow[],
  { name, where, parents, priority }: NewParentRule,
  who: string,
): Promise<void> {
  parseSelector(where);
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, reparentingLock);
    for (const environment of environments) {
      const rules = await rulesIn(trx, environment.id);
      const before = rules.find((row) => row.name === name);
      if (before === undefined && rules.length >= parentRuleLimits.rules)
        throw new XylemError(
          'E_CONFLICT',
          `${fullName(environment)} has ${rules.length} parent rules, and no more are looked at. Remove one: xylem parent-rule remove`,
        );
      const values = {
        priority,
        selector: where,
        parents: JSON.stringify(parents),
        set_by: who,
        set_ms: nowMs,
        note: null,
      };
      await trx
        .insertInto('parent_rules')
        .values({ environment: environment.id, name, ...values })
        .onConflict((c) => c.columns(['environment', 'name']).doUpdateSet(values))
        .execute();
      await written(trx, nowMs, {
        who,
        what: 'parent-rule.set',
        subject: `parent-rule/${name}`,
        environment: environment.id,
        before: before === undefined ? null : auditedOf(before),
        after: { priority, where, parents },
      });
    }
  });
  await lookAtParentRules(root);
}

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
    if (left.length === 0)
      throw new XylemError(
        'E_NOT_FOUND',
        `There is no parent rule ${name} there. \`xylem parent-rule list\` shows them.`,
      );
  });
  await lookAtParentRules(root);
  return left;
}

/** All hosts of the environment are due. */
async function written(
  trx: Database,
  nowMs: number,
  entry: Parameters<typeof appendAudit>[2] & { readonly environment: string },
): Promise<void> {
  await trx
    .updateTable('hosts')
    .set({ rule_due_ms: 0 })
    .where('environment', '=', entry.environment)
    .where('retired', '=', 0)
    .execute();
  await appendAudit(trx, nowMs, entry);
}

const auditedOf = ({ priority, selector, parents }: ParentRuleRow): object => ({
  priority,
  where: selector,
  parents: JSON.parse(parents) as string[],
});
