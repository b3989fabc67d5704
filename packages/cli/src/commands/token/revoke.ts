import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  example: 'xylem token revoke 3f9a0c1d2e4b5a69',
  async run({ args, api }) {
    const id = only(args);
    await (await api()).call('tokenDelete', { params: { id } });
    return {
      data: { id, revoked: true },
      text: `Token ${id} no longer works. Hosts that joined by it stay.`,
    };
  },
});
