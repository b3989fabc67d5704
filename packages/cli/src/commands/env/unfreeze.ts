import { defineCommand } from '../../frame/define.ts';
import { environmentChoice, whereOption } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<environment>...',
  about: 'What waited goes on at once, and channels that moved meanwhile are followed.',
  options: whereOption,
  example: 'xylem unfreeze acme/production',
  async run({ args, options, api }) {
    const body = environmentChoice(args, options.where, 'name them,');
    const answer = await (await api()).call('freezeEnd', { body });
    return {
      data: answer,
      text: `Not frozen: ${answer.environments.map(({ name }) => name).join(', ')}.`,
    };
  },
});
