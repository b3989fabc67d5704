import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { reparentingText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Batches go on after a pause.',
  example: 'xylem reparenting resume rp-0123456789ab',
  async run({ args, api }) {
    const one = await (await api()).call('reparentingResume', { params: { id: only(args) } });
    return { data: one, text: reparentingText(one) };
  },
});
