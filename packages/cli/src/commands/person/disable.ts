import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'Ends every session and refuses new ones; grants stay for when the account is enabled again.',
  example: 'xylem person disable anna',
  async run({ args, api }) {
    const name = only(args);
    const person = await (await api()).call('personDisable', { params: { name }, body: { disabled: true } });
    return { data: person, text: `${name} can't sign in any more.` };
  },
});
