import { defineCommand, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { planText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  options: {
    digest: text('<digest>', 'of the version that you looked at, or its beginning; another one is refused'),
    reason: text('<text>', 'why, for the audit log'),
  },
  example: 'xylem plan approve p-567073cb9f4b --digest 3f9a1c77e0b2',
  async run({ args, options, api }) {
    const { digest, reason } = options;
    const plan = await (await api()).call('planApprove', {
      params: { id: only(args) },
      body: { ...(digest === undefined ? {} : { digest }), ...(reason === undefined ? {} : { reason }) },
    });
    return { data: plan, text: () => planText(plan) };
  },
});
