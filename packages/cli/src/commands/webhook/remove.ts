import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'What waits for it, and what is dead, goes with it.',
  example: 'xylem webhook remove n-0123456789ab',
  async run({ args: [id = ''], api }) {
    await (await api()).call('subscriptionRemove', { params: { id } });
    return { data: { removed: id }, text: `${id} is removed.` };
  },
});
