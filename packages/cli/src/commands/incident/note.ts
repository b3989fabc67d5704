import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Also into that of a closed one.',
  options: { text: requiredText('<text>', 'what was found or done') },
  example: 'xylem incident note i-3f9a02c41b77 --text "The link to Berlin was down."',
  async run({ args, options, api }) {
    const body = { text: options.text };
    const data = await (await api()).call('incidentNote', { params: { id: only(args) }, body });
    return { data, text: `Noted at ${data.id}.` };
  },
});
