import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { readSecrets } from '../../secrets/change.ts';
import { listed } from '../../secrets/listed.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about: 'Names and standing; what is sealed is not shown.',
  example: 'xylem secret list acme/production',
  async run(invocation) {
    return listed((await readSecrets(invocation, only(invocation.args))).secrets);
  },
});
