import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { digestOption, planProgress } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Deployments under way by it are paused with it, and go on with it: `xylem plan resume`.',
  options: {
    ...digestOption,
    reason: requiredText('<text>', 'why, for who looks at it and the audit log'),
  },
  example: 'xylem plan pause p-567073cb9f4b --reason "Looking at the error rate."',
  async run({ args, options, api }) {
    const { digest, reason } = options;
    const plan = await (await api()).call('planPause', {
      params: { id: only(args) },
      body: { reason, ...(digest === undefined ? {} : { digest }) },
    });
    return { data: plan, text: () => planProgress(plan) };
  },
});
