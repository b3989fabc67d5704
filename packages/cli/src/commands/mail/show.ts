import { defineCommand } from '../../frame/define.ts';
import { mailText } from './shared.ts';

export const command = defineCommand({
  about: 'Never the password.',
  example: 'xylem mail show',
  async run({ api }) {
    const answer = await (await api()).call('mailShow', {});
    const { mail } = answer;
    return {
      data: answer,
      text: mail === null ? 'No mail server is set, and no mail is sent.' : mailText(mail),
    };
  },
});
