import { XylemError } from '@xylem/core';
import { defineCommand, flag } from '../../frame/define.ts';
import { isName } from '../../frame/words.ts';
import { confirmHosts, readSecrets } from '../../secrets/change.ts';
import { readValue } from '../../secrets/given.ts';
import { heldDataKey, nextDataKey } from '../../secrets/holder.ts';
import { listed } from '../../secrets/listed.ts';
import { holderHere, sealFor } from '../../secrets/values.ts';
import { pendingHosts, wrapFor } from '../../secrets/wraps.ts';

export const command = defineCommand({
  arguments: '<environment> <component> <key>',
  about:
    "Sealed here, for the hosts of the environment: the root server never sees it. It takes the place of the component's configuration value of that name, which may stand in its service's environment only. Asked for twice on a terminal, else read from standard input, without the last line end. An empty one is refused.",
  options: { yes: flag('do not ask before hosts get a key for the first time') },
  example: 'xylem secret set acme/production shop-api dbPassword < password.txt',
  async run(invocation) {
    const { args, options, home, randomness } = invocation;
    const [word = '', component = '', key = ''] = args;
    if (!isName(component) || key === '') {
      throw new XylemError(
        'E_INPUT',
        'Write environment, component and key: acme/production shop-api dbPassword.',
      );
    }
    const { api, params, secrets } = await readSecrets(invocation, word);
    const isFirst = secrets.generation === null;
    const pending = pendingHosts(secrets, false);
    await confirmHosts(invocation, secrets, pending, options.yes);
    const value = await readValue(`${component}.${key}`);
    const data = isFirst ? await nextDataKey(home, secrets) : await heldDataKey(home, secrets);
    const set = [await sealFor(secrets, { component, key }, value, data, { randomness })];
    const { recipient } = data.identity;
    const generation = { number: data.generation, recipient, holder: holderHere() };
    const body = {
      revision: secrets.revision,
      ...(isFirst ? { generation } : {}),
      set,
      remove: [],
      wraps: await wrapFor(secrets, pending.ready, data),
    };
    return listed(await api.call('secretsChange', { params, body }));
  },
});
