import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Also the API tokens that jobs have got by the rule stop working at once.',
  example: 'xylem ci distrust 3f9a0c1d2e4b5a69',
  async run({ args, api }) {
    const id = only(args);
    await (await api()).call('ciDistrust', { params: { id } });
    return { data: { id, removed: true }, text: `Rule ${id} is gone, and what was given by it.` };
  },
});
