import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  about: 'Who is subscribed stays so, and what waits is tried until it is dead.',
  example: 'xylem mail remove',
  async run({ api }) {
    await (await api()).call('mailRemove', {});
    return { data: { removed: true }, text: 'No mail is sent any more.' };
  },
});
