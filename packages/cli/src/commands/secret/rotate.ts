import { defineCommand, flag } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { readSecrets, rotate } from '../../secrets/change.ts';
import { listed } from '../../secrets/listed.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about:
    'Makes another key, seals every value anew by it and wraps it for the hosts that are there now. No service is started anew: the values are the same.',
  options: { yes: flag('do not ask before hosts get a key for the first time') },
  example: 'xylem secret rotate acme/production',
  async run(invocation) {
    const opened = await readSecrets(invocation, only(invocation.args));
    return listed(await rotate(invocation, opened, invocation.options.yes));
  },
});
