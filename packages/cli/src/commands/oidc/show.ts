import { defineCommand } from '../../frame/define.ts';
import { oidcText } from './shared.ts';

export const command = defineCommand({
  about: 'Never the client secret.',
  example: 'xylem oidc show',
  async run({ api }) {
    const answer = await (await api()).call('oidcShow', {});
    const { oidc } = answer;
    return { data: answer, text: oidc === null ? 'Nobody signs in by an issuer.' : oidcText(oidc) };
  },
});
