import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { reparentingRow } from './shared.ts';

export const command = defineCommand({
  about:
    'Begun by `xylem host move`, `xylem relay drain` and `xylem relay replace`. The newest 100 of those whose hosts you read.',
  example: 'xylem reparenting list',
  async run({ api }) {
    const answer = await (await api()).call('reparentingList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ID', 'WHAT', 'STATE', 'HOSTS', 'OF THEM', 'BEGUN'],
          answer.reparentings.map(reparentingRow),
          'No reparenting.',
        ),
    };
  },
});
