import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { grantsText } from '../api-token/shared.ts';

export const command = defineCommand({
  example: 'xylem person list',
  async run({ api }) {
    const answer = await (await api()).call('personList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['NAME', 'MAY', 'STATE', 'PASSWORD SET'],
          [
            ...answer.people.map((one) => [
              one.name,
              grantsText(one.grants),
              one.disabled ? 'disabled' : 'active',
              one.passwordSet ?? 'never',
            ]),
            ...answer.shutOut.map(({ account, name }) => [
              name === null ? account : `${account} (${name})`,
              'nothing',
              'disabled',
              '-',
            ]),
          ],
          'No account. `xylem person create` makes one; the operator of `xylem start` is an API token.',
        ),
    };
  },
});
