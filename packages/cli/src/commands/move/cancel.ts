import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { moveText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'While it is open, by who operates the hosts. What both have approved is not taken back: ask the other way.',
  example: 'xylem move cancel m-0123456789ab',
  async run({ args, api }) {
    const move = await (await api()).call('moveCancel', { params: { id: only(args) } });
    return { data: move, text: moveText(move) };
  },
});
