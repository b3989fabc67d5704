import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { inWords, sendChange, stillMissing } from '../../publishing/carry-out.ts';
import { openCeremony } from './open.ts';

export const command = defineCommand({
  arguments: '<file>',
  about: `Sends what all have signed to the root server, which takes it whole or not at all. If something was published since
the ceremony began that it replaces, it is refused and has to begin anew.`,
  example: 'xylem ceremony finish root.ceremony',
  async run(invocation) {
    const { args, api, home } = invocation;
    const { trusted, drafts } = await openCeremony(only(args), invocation);
    const missing = stillMissing(trusted, drafts);
    if (missing.length > 0)
      throw new XylemError('E_THRESHOLD', `Not all have signed. ${missing.join('; ')}.`);
    const words = await inWords(home.keysFolder, trusted, drafts);
    const sent = await sendChange(await api(), trusted, drafts);
    return { data: { repository: trusted.id, words, ...sent }, text: ['In force:', ...words].join('\n') };
  },
});
