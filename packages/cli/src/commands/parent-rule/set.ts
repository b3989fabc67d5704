import { parentRuleLimits, XylemError } from '@xylem/core';
import { count, defineCommand, list, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { refuseNoParent } from '../host/parents.ts';
import { environmentOption, environmentsOf } from './shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: `Hosts whose labels fit get these parents, in batches as by xylem host move; hosts that join or are relabelled later
too. The rule with the lowest priority that fits decides, then the first by name. Parents that a person gave stay
(xylem host move --as-joined gives a host to the rules again). Said again it replaces the rule, and tries hosts again that
did not go.`,
  options: {
    where: requiredText('<selector>', "labels of hosts, as in 'site = muc'; all: every host"),
    parent: list('<url>', 'a parent; may be repeated, the first is preferred'),
    priority: count(
      '<number>',
      'the lowest is looked at first (default: 100)',
      0,
      parentRuleLimits.mostPriority,
    ),
    ...environmentOption,
  },
  example:
    "xylem parent-rule set muc --where 'site = muc' --parent https://relay.muc:8442 --parent https://relay.fra:8442",
  async run({ args, options, api }) {
    const { where, priority } = options;
    const parents = [...options.parent];
    if (parents.length === 0) throw new XylemError('E_INPUT', 'Say where to: --parent URL, once or more.');
    refuseNoParent(parents);
    const name = only(args);
    const body = {
      name,
      where,
      parents,
      ...(priority === undefined ? {} : { priority }),
      ...environmentsOf(options.env),
    };
    const set = await (await api()).call('parentRuleSet', { body });
    const places = set.rules.map(({ environment }) => environment).join(', ');
    const notes = set.rules.flatMap(({ environment, note }) =>
      note === null ? [] : [`\nIn ${environment} it has to wait: ${note}`],
    );
    return {
      data: set,
      text: `${name} is set in ${places}. Hosts go in batches: xylem reparenting list${notes.join('')}`,
    };
  },
});
