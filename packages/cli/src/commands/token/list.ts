import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

export const command = defineCommand({
  example: 'xylem token list',
  async run({ api }) {
    const answer = await (await api()).call('tokenList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ID', 'ENVIRONMENT', 'SERVES', 'USES LEFT', 'EXPIRES'],
          answer.tokens.map((one) => [
            one.id,
            one.environment.name,
            one.serve ? ['own', ...one.serves].join(' ') : 'no',
            one.usesLeft,
            one.expires,
          ]),
          'No token that still works.',
        ),
    };
  },
});
