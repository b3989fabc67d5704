import { sameParent } from '@xylem/core';
import type { ParentRuleMove } from '../api/schemas/parent-rules.ts';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { type Fleet, readFleet } from '../reparenting/fleet.ts';
import type { Root } from '../root.ts';
import { standsAgainst } from './begin.ts';
import { type ParentRuleRow, rulesIn } from './rows.ts';
import { type Ruled, ruledOf } from './ruled.ts';

/** Of the hosts that go the same way. */
const mostNames = 20;

/** Who would go where in these environments if their rules were others. Nothing is written. */
export async function previewParentRules(
  root: Root,
  environments: readonly EnvironmentRow[],
  changed: (rules: readonly ParentRuleRow[], environment: string) => readonly ParentRuleRow[],
): Promise<ParentRuleMove[]> {
  return await root.db.transaction().execute(async (trx) => {
    const fleet = await readFleet(trx);
    const moves: ParentRuleMove[] = [];
    for (const environment of environments) {
      const rows = changed(await rulesIn(trx, environment.id), environment.id);
      const ruled = await ruledIn(root, trx, environment, rows);
      for (const [rule, group] of inOrder(Map.groupBy(ruled, (one) => one.rule))) {
        const note = await standsAgainst({ root, trx, environment, fleet }, group);
        const ways = waysOf(fleet, group);
        moves.push(...ways.map((way) => ({ environment: fullName(environment), rule, ...way, note })));
      }
    }
    return moves;
  });
}

const inOrder = <T>(groups: ReadonlyMap<string, T>): (readonly [string, T])[] =>
  [...groups].sort(([a], [b]) => (a < b ? -1 : 1));

function waysOf(
  fleet: Fleet,
  group: readonly Ruled[],
): Pick<ParentRuleMove, 'from' | 'to' | 'hosts' | 'names'>[] {
  const fromOf = ({ host }: Ruled): string | null =>
    fleet.nodes.get(host.id)?.parentUrl ?? host.parents.map(sameParent)[0] ?? null;
  const ways = Map.groupBy(group, (one) => [fromOf(one) ?? '', ...one.parents].join(' '));
  return inOrder(ways).flatMap(([, same]) => {
    const [first] = same;
    if (first === undefined) return [];
    const names = same.map(({ host }) => host.name).sort();
    const to = [...first.parents];
    return [{ from: fromOf(first), to, hosts: same.length, names: names.slice(0, mostNames) }];
  });
}

/** Setting a rule makes all hosts due, and none waits because its addresses changed. */
async function ruledIn(
  root: Root,
  trx: Database,
  { id }: EnvironmentRow,
  rows: readonly ParentRuleRow[],
): Promise<readonly Ruled[]> {
  const hosts = (await hostsIn(trx, [id])).filter(({ retired }) => !retired);
  const anew = hosts.map((host) => ({
    ...host,
    ruleAddresses: host.ruleAddresses && { ...host.ruleAddresses, changedMs: null },
  }));
  return (await ruledOf(trx, rows, anew, root.clock.now())).ruled;
}
