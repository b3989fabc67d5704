import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'A person, a team, whoever your people know by that name: nothing is looked up.',
  options: { to: requiredText('<name>', 'who looks after it') },
  example: 'xylem incident assign i-3f9a02c41b77 --to ann',
  async run({ args, options, api }) {
    const body = { to: options.to };
    const data = await (await api()).call('incidentAssign', { params: { id: only(args) }, body });
    return { data, text: `${data.id} is with ${data.assignedTo ?? ''}: ${data.title}` };
  },
});
