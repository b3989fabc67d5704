import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { reparentingText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'All hosts that went come back to their former parents, which they test before they leave the new ones.',
  example: 'xylem reparenting cancel rp-0123456789ab',
  async run({ args, api }) {
    const one = await (await api()).call('reparentingCancel', { params: { id: only(args) } });
    return { data: one, text: reparentingText(one) };
  },
});
