import { defineCommand, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { digestOption, planProgress } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'What was paused with it goes on. Where it asks before a stage, this is the answer.',
  options: { ...digestOption, reason: text('<text>', 'why, for the audit log') },
  example: 'xylem plan resume p-567073cb9f4b',
  async run({ args, options, api }) {
    const { digest, reason } = options;
    const plan = await (await api()).call('planResume', {
      params: { id: only(args) },
      body: { ...(digest === undefined ? {} : { digest }), ...(reason === undefined ? {} : { reason }) },
    });
    return { data: plan, text: () => planProgress(plan) };
  },
});
