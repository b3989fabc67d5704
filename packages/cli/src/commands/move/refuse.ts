import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { moveText, sideOf, sideOption } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'For the tenant that you administer. The other side reads the reason.',
  options: { ...sideOption, reason: requiredText('<text>', 'why, for both sides') },
  example: "xylem move refuse m-0123456789ab --reason 'these are not ours'",
  async run({ args, options, api }) {
    const body = { ...sideOf(options.side), reason: options.reason };
    const move = await (await api()).call('moveRefuse', { params: { id: only(args) }, body });
    return { data: move, text: moveText(move) };
  },
});
