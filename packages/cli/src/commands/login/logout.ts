import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  about:
    'Ends the session that `xylem login --as` opened. An API token stays: `xylem api-token revoke` ends one.',
  example: 'xylem logout',
  async run({ api }) {
    const asked = await api();
    const current = (await asked.call('sessionList', {})).sessions.find((session) => session.current);
    if (current === undefined) {
      const text = 'This is no session but an API token, which stays. `xylem api-token revoke` ends one.';
      return { data: { ended: false }, text };
    }
    await asked.call('sessionRevoke', { params: { id: current.id } });
    return { data: { ended: true }, text: `Signed out of ${asked.url}.` };
  },
});
