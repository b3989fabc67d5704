import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { readSecrets } from '../../secrets/change.ts';
import { listed } from '../../secrets/listed.ts';

export const command = defineCommand({
  arguments: '<environment> <component> <key>',
  about: 'Hosts that knew the value know it still: change it at its source too.',
  example: 'xylem secret remove acme/production shop-api dbPassword',
  async run(invocation) {
    const [word = '', component = '', key = ''] = invocation.args;
    const { api, params, secrets } = await readSecrets(invocation, word);
    if (!secrets.values.some((value) => value.component === component && value.key === key)) {
      throw new XylemError('E_NOT_FOUND', `${secrets.environment.name} has no secret ${component}.${key}.`);
    }
    const { revision } = secrets;
    const body = { revision, set: [], remove: [{ component, key }], wraps: [] };
    return listed(await api.call('secretsChange', { params, body }));
  },
});
