import { XylemError } from '@xylem/core';
import { defineCommand, flag, list, requiredText } from '../../frame/define.ts';
import { environmentPatterns, whereOption } from '../../selection/environments.ts';
import { deploymentTable } from './shared.ts';

export const command = defineCommand({
  about: `Pauses every deployment that runs, so that no further host is admitted; with --abort none of them goes on again.
Hosts stay as they are. \`xylem freeze\` also keeps new ones from beginning.`,
  options: {
    all: flag('all of them: say it, so that a slip stops nothing'),
    to: list('<environment>', "only of an environment or a pattern, '*/production'; may be repeated"),
    ...whereOption,
    reason: requiredText('<text>', 'why, for the audit log and whoever asks why it stands'),
    abort: flag('for good: a rollback takes hosts back'),
  },
  example: "xylem deployment stop --all --to '*/production' --reason 'The database is slow.'",
  async run({ options, api }) {
    if (!options.all)
      throw new XylemError('E_INPUT', 'This stops every deployment that it finds. Say so: --all.');
    const environments = options.to.length === 0 ? ['*/*'] : environmentPatterns(options.to, '--to');
    const body = {
      environments,
      ...(options.where === undefined ? {} : { where: options.where }),
      to: options.abort ? ('aborted' as const) : ('paused' as const),
      reason: options.reason,
    };
    const answer = await (await api()).call('deploymentStop', { body });
    return { data: answer, text: () => deploymentTable(answer.deployments) };
  },
});
