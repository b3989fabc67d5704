import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'It stops working at once, also where it is signed in.',
  example: 'xylem api-token revoke 3f9a0c1d2e4b5a69',
  async run({ args, api }) {
    const id = only(args);
    await (await api()).call('apiTokenDelete', { params: { id } });
    return { data: { id, revoked: true }, text: `API token ${id} no longer works.` };
  },
});
