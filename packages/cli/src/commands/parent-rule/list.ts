import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

export const command = defineCommand({
  about: 'Of the environments that you read. HOSTS have their parents by the rule.',
  example: 'xylem parent-rule list',
  async run({ api }) {
    const answer = await (await api()).call('parentRuleList', {});
    const rows = answer.rules.map(({ name, environment, priority, where, subnets, parents, hosts, note }) => [
      name,
      environment,
      priority,
      where,
      subnets.join(' '),
      parents.join(' '),
      hosts,
      note ?? '',
    ]);
    return {
      data: answer,
      text: tabulate(
        ['NAME', 'ENVIRONMENT', 'PRIORITY', 'WHERE', 'SUBNETS', 'PARENTS', 'HOSTS', 'WAITS'],
        rows,
        'No parent rule.',
      ),
    };
  },
});
