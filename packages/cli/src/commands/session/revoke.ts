import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Whoever is signed in there is signed out at once.',
  example: 'xylem session revoke 3f9a0c1d2e4b5a693f9a0c1d2e4b5a69',
  async run({ args, api }) {
    const id = only(args);
    await (await api()).call('sessionRevoke', { params: { id } });
    return { data: { id, ended: true }, text: `Session ${id} has ended.` };
  },
});
