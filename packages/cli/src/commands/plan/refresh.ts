import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { planText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Where facts changed, or it expired or was refused, there is a new version; its approvals begin anew.',
  example: 'xylem plan refresh p-567073cb9f4b',
  async run({ args, api }) {
    const answer = await (await api()).call('planRefresh', { params: { id: only(args) } });
    const head = answer.changed ? 'There is a new version; it is approved anew.' : 'Nothing has changed.';
    return { data: answer, text: () => `${head}\n${planText(answer.plan)}` };
  },
});
