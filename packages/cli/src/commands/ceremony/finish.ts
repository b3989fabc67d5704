import { XylemError } from '@xylem/core';
import { signingInWords } from '@xylem/trust';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { sendSigned } from '../../operators/sign.ts';
import { inWords, sendChange, stillMissing } from '../../publishing/carry-out.ts';
import { openCeremony, openSigning } from './open.ts';

export const command = defineCommand({
  arguments: '<file>',
  about: `Sends what all have signed to the root server, which takes it whole or not at all. If something was published since
the ceremony began that it replaces, it is refused and has to begin anew.`,
  example: 'xylem ceremony finish root.ceremony',
  async run(invocation) {
    const { args, api, home } = invocation;
    const file = only(args);
    const signing = await openSigning(file);
    if (signing !== null) {
      const words = signingInWords(signing);
      await sendSigned(await api(), signing);
      return { data: { environment: signing.environment, words }, text: ['In force:', ...words].join('\n') };
    }
    const { trusted, drafts } = await openCeremony(file, invocation);
    const missing = stillMissing(trusted, drafts);
    if (missing.length > 0)
      throw new XylemError('E_THRESHOLD', `Not all have signed. ${missing.join('; ')}.`);
    const words = await inWords(home.keysFolder, trusted, drafts);
    const sent = await sendChange(await api(), trusted, drafts);
    return { data: { repository: trusted.id, words, ...sent }, text: ['In force:', ...words].join('\n') };
  },
});
