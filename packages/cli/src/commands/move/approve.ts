import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { moveText, parentOption, sideOf, sideOption } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: `For the tenant that you administer. When both sides have approved the hosts go, and what was sealed for them is
wiped. Hosts whose parents do not serve the new environment need --parent.`,
  options: { ...sideOption, ...parentOption },
  example: 'xylem move approve m-0123456789ab',
  async run({ args, options, api }) {
    const parents = options.parent.length === 0 ? {} : { parents: [...options.parent] };
    const body = { ...sideOf(options.side), ...parents };
    const move = await (await api()).call('moveApprove', { params: { id: only(args) }, body });
    return { data: move, text: moveText(move) };
  },
});
