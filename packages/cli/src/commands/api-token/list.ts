import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { age } from '../../frame/words.ts';
import { grantsText } from './shared.ts';

export const command = defineCommand({
  about: 'Those whose scopes you administer.',
  example: 'xylem api-token list',
  async run({ api, clock }) {
    const answer = await (await api()).call('apiTokenList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ID', 'NAME', 'MAY', 'EXPIRES', 'LAST USED'],
          answer.tokens.map((one) => [
            one.id,
            one.name,
            grantsText(one.grants),
            one.expires ?? 'never',
            one.used === null ? 'never' : `${age(one.used, clock.now())} ago`,
          ]),
          'No API token.',
        ),
    };
  },
});
