import { XylemError } from '@xylem/core';
import { defineCommand, requiredText, text } from '../../frame/define.ts';
import { tokenIn } from '../../frame/token.ts';
import { oidcText } from './shared.ts';

export const command = defineCommand({
  about:
    'Settings that were there before are replaced, and whoever signed in by them is signed out. The issuer must answer. Register the redirect address that is said in the end at the issuer. Nobody may do anything by it until a group has a role: `xylem group grant`.',
  options: {
    issuer: requiredText('<url>', 'the issuer, exactly as its tokens name it in the claim iss'),
    clientId: requiredText('<id>', 'what this root server is called at the issuer'),
    clientSecretFile: text('<file>', 'its secret there; - for standard input (default: a public client)'),
    groupsClaim: text('<claim>', 'which claim names groups (default: groups)'),
    nameClaim: text('<claim>', 'which claim is the readable name (default: preferred_username)'),
    scope: text('<scopes>', "what to ask of the issuer (default: 'openid profile')"),
    publicUrl: text('<url>', 'how browsers reach this root server (default: as nodes do)'),
  },
  example:
    'xylem oidc set --issuer https://login.example/realms/acme --client-id xylem --client-secret-file secret.txt --public-url https://root.example:8441',
  async run({ options, api }) {
    const { issuer, clientId, clientSecretFile: file, groupsClaim, nameClaim, scope, publicUrl } = options;
    const clientSecret = file === undefined ? undefined : await tokenIn(file);
    if (clientSecret === '') throw new XylemError('E_INPUT', 'The client secret is empty.');
    const set = await (await api()).call('oidcSet', {
      body: {
        issuer,
        clientId,
        ...(clientSecret === undefined ? {} : { clientSecret }),
        ...(groupsClaim === undefined ? {} : { groupsClaim }),
        ...(nameClaim === undefined ? {} : { nameClaim }),
        ...(scope === undefined ? {} : { scope }),
        ...(publicUrl === undefined ? {} : { publicUrl }),
      },
    });
    const device = set.offersDeviceFlow
      ? 'xylem login URL --oidc works if the issuer allows this client the device flow.'
      : 'The issuer offers no device flow: xylem login --oidc will not work.';
    return {
      data: set,
      text: `${oidcText(set)}\n${device}\nNext: xylem group grant GROUP --role viewer --in '*'`,
    };
  },
});
