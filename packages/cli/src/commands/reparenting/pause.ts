import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { reparentingText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'No further batch begins; hosts that are testing their new parent go on with that.',
  example: 'xylem reparenting pause rp-0123456789ab',
  async run({ args, api }) {
    const one = await (await api()).call('reparentingPause', { params: { id: only(args) } });
    return { data: one, text: reparentingText(one) };
  },
});
