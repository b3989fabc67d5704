import { type ParentRule, parseSelector, parseSubnets, timeOf } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { ParentRule as ShownRule } from '../api/schemas/parent-rules.ts';
import type { Within } from '../auth/access.ts';
import type { Database, Tables } from '../db/tables.ts';
import { allEnvironments, refOf } from '../environments/names.ts';

export type ParentRuleRow = Selectable<Tables['parent_rules']>;

export const ruleOf = ({ name, priority, selector, subnets, parents }: ParentRuleRow): ParentRule => ({
  name,
  priority,
  selector: parseSelector(selector),
  subnets: parseSubnets(JSON.parse(subnets) as string[]),
  parents: JSON.parse(parents) as string[],
});

export async function rulesIn(db: Database, environment: string): Promise<ParentRuleRow[]> {
  return await db.selectFrom('parent_rules').selectAll().where('environment', '=', environment).execute();
}

/** Of the environments that whoever asks reads, in the order in which they are looked at. */
export async function listParentRules(db: Database, within: Within): Promise<ShownRule[]> {
  const environments = new Map((await allEnvironments(db)).filter(within).map((row) => [row.id, refOf(row)]));
  const rows = await db.selectFrom('parent_rules').selectAll().orderBy('priority').orderBy('name').execute();
  const counts = await db
    .selectFrom('hosts')
    .select((f) => ['environment', 'parents_rule', f.fn.countAll<number>().as('hosts')])
    .where('retired', '=', 0)
    .where('parents_rule', 'is not', null)
    .groupBy(['environment', 'parents_rule'])
    .execute();
  const hosts = new Map(counts.map((row) => [`${row.environment} ${row.parents_rule}`, Number(row.hosts)]));
  return rows.flatMap((row) => {
    const environment = environments.get(row.environment);
    if (environment === undefined) return [];
    const { name, priority, selector, subnets, parents, note, set_by: setBy, set_ms: setMs } = row;
    return [
      {
        name,
        environment: environment.name,
        priority,
        where: selector,
        subnets: JSON.parse(subnets) as string[],
        parents: JSON.parse(parents) as string[],
        hosts: hosts.get(`${row.environment} ${name}`) ?? 0,
        note,
        setBy,
        set: timeOf(setMs),
      },
    ];
  });
}
