import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { grantsText } from '../api-token/shared.ts';
import { claimsText } from './shared.ts';

export const command = defineCommand({
  about: 'The rules by which tokens of CI systems are exchanged.',
  example: 'xylem ci list',
  async run({ api }) {
    const answer = await (await api()).call('ciList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ID', 'ISSUER', 'AUDIENCE', 'MUST SAY', 'MAY'],
          answer.rules.map((rule) => [
            rule.id,
            rule.issuer,
            rule.audience,
            claimsText(rule.match),
            grantsText(rule.grants),
          ]),
          'No CI system is trusted.',
        ),
    };
  },
});
