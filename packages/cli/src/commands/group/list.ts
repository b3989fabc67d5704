import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { grantsText } from '../api-token/shared.ts';

export const command = defineCommand({
  about: "The issuer's groups that may do something here. Who is in them is the issuer's to say.",
  example: 'xylem group list',
  async run({ api }) {
    const answer = await (await api()).call('groupList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['GROUP', 'MAY'],
          answer.groups.map(({ name, grants }) => [name, grantsText(grants)]),
          'No group may do anything. `xylem group grant` gives one a role.',
        ),
    };
  },
});
