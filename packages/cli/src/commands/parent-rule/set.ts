import { parentRuleLimits, XylemError } from '@xylem/core';
import type { ResponseOf } from '@xylem/root/contract';
import { count, defineCommand, flag, list, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { refuseNoParent } from '../host/parents.ts';
import { environmentOption, environmentsOf, previewed } from './shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: `Hosts whose labels fit, and of whose addresses one lies in a subnet, get these parents, in batches as by xylem host
move; hosts that join, are relabelled or get other addresses later too. The rule with the lowest priority that fits decides,
then the first by name. Parents that a person gave stay (xylem host move --as-joined gives a host to the rules again). Said
again it replaces the rule, and tries hosts again that did not go.`,
  options: {
    where: text(
      '<selector>',
      "labels of hosts, as in 'site = muc'; all: every host (default, with --subnet)",
    ),
    subnet: list('<network>', 'of the hosts, like 10.1.0.0/16 or 2001:db8:1::/48; may be repeated'),
    parent: list('<url>', 'a parent; may be repeated, the first is preferred'),
    priority: count(
      '<number>',
      'the lowest is looked at first (default: 100)',
      0,
      parentRuleLimits.mostPriority,
    ),
    dryRun: flag('say which hosts would go from where to where, and change nothing'),
    ...environmentOption,
  },
  example:
    "xylem parent-rule set muc --where 'site = muc' --parent https://relay.muc:8442 --parent https://relay.fra:8442",
  async run({ args, options, api }) {
    const { where, priority, dryRun } = options;
    const subnets = [...options.subnet];
    const parents = [...options.parent];
    if (where === undefined && subnets.length === 0)
      throw new XylemError('E_INPUT', 'Say which hosts: --where SELECTOR, --subnet NETWORK, or both.');
    if (parents.length === 0) throw new XylemError('E_INPUT', 'Say where to: --parent URL, once or more.');
    refuseNoParent(parents);
    const name = only(args);
    const body = {
      name,
      where: where ?? 'all',
      subnets,
      parents,
      ...(priority === undefined ? {} : { priority }),
      ...(dryRun ? { dryRun } : {}),
      ...environmentsOf(options.env),
    };
    const set = await (await api()).call('parentRuleSet', { body });
    return dryRun ? previewed(set) : { data: set, text: setText(name, set) };
  },
});

type Answer = ResponseOf<'parentRuleSet'>;

function setText(name: string, { rules }: Answer): string {
  const places = rules.map(({ environment }) => environment).join(', ');
  const notes = rules.flatMap(({ environment, note }) =>
    note === null ? [] : [`\nIn ${environment} it has to wait: ${note}`],
  );
  return `${name} is set in ${places}. Hosts go in batches: xylem reparenting list${notes.join('')}`;
}
