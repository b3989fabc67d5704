import { signingInWords, unsigned } from '@xylem/trust';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { inWords, stillMissing } from '../../publishing/carry-out.ts';
import { ofWhich, openCeremony, openSigning } from './open.ts';

export const command = defineCommand({
  arguments: '<file>',
  about: 'Says in words what the file changes and who has still to sign. Needs no root server.',
  example: 'xylem ceremony show root.ceremony',
  async run(invocation) {
    const { args, home } = invocation;
    const file = only(args);
    const signing = await openSigning(file);
    if (signing !== null) {
      const { environment, document } = signing;
      const [words, missing] = [signingInWords(signing), unsigned(signing)];
      const signedWith = document.signatures.map(({ keyid }) => keyid);
      const next = missing.length === 0 ? [`All have signed. Next: xylem ceremony finish ${file}`] : missing;
      return { data: { environment, words, signedWith, missing }, text: [...words, ...next].join('\n') };
    }
    const open = await openCeremony(file, invocation);
    const { trusted, drafts, began, pinned } = open;
    const words = await inWords(home.keysFolder, trusted, drafts);
    const missing = stillMissing(trusted, drafts);
    return {
      data: { repository: trusted.id, pinned, began, words, missing },
      text: [
        ofWhich(open),
        `Begun ${began}.`,
        ...words,
        ...(missing.length === 0 ? [`All have signed. Next: xylem ceremony finish ${file}`] : missing),
      ].join('\n'),
    };
  },
});
