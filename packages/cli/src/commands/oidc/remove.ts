import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  about: 'Whoever signed in by it is signed out at once. What groups may is kept for another issuer.',
  example: 'xylem oidc remove',
  async run({ api }) {
    await (await api()).call('oidcRemove', {});
    return { data: { removed: true }, text: 'Nobody signs in by an issuer any more.' };
  },
});
