import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'With the password and grants from before.',
  example: 'xylem person enable anna',
  async run({ args, api }) {
    const name = only(args);
    const person = await (await api()).call('personDisable', { params: { name }, body: { disabled: false } });
    return { data: person, text: `${name} may sign in again.` };
  },
});
