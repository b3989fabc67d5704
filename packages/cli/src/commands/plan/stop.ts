import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { digestOption, planProgress } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Deployments under way by it are aborted. What it brought stays: `xylem plan rollback` takes it back.',
  options: {
    ...digestOption,
    reason: requiredText('<text>', 'why, for who looks at it and the audit log'),
  },
  example: 'xylem plan stop p-567073cb9f4b --reason "Superseded by 2.4.1."',
  async run({ args, options, api }) {
    const { digest, reason } = options;
    const plan = await (await api()).call('planStop', {
      params: { id: only(args) },
      body: { reason, ...(digest === undefined ? {} : { digest }) },
    });
    return { data: plan, text: () => planProgress(plan) };
  },
});
