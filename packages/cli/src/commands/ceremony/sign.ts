import { resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { shortId, writeCeremony } from '@xylem/trust';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { signWithHeld, writeOpen } from '../../operators/sign.ts';
import { confirmWords, inWords, signHere, stillMissing } from '../../publishing/carry-out.ts';
import { requireFree, writeSigned } from '../../publishing/out-file.ts';
import { ofWhich, openCeremony, openSigning } from './open.ts';

export const command = defineCommand({
  arguments: '<file>',
  about: `Shows what the file changes, asks, and adds the signatures of the keys in ~/.xylem/keys. Needs no root server:
carry the file to a machine that has no network.`,
  options: {
    out: text('<file>', 'a new file (default: the file itself)'),
    yes: flag('do not ask whether what is shown shall be signed'),
  },
  example: 'xylem ceremony sign root.ceremony',
  async run(invocation) {
    const { args, options, home } = invocation;
    const file = only(args);
    const out = options.out ?? file;
    if (resolve(out) !== resolve(file)) await requireFree(out);
    const signing = await openSigning(file);
    if (signing !== null) {
      const signed = await signWithHeld(invocation, signing, options.yes);
      return await writeOpen(signed, out, { environment: signed.environment }, file);
    }
    const open = await openCeremony(file, invocation);
    const { trusted, began } = open;
    const words = [ofWhich(open), ...(await inWords(home.keysFolder, trusted, open.drafts))];
    await confirmWords(invocation, words, options.yes);
    const { drafts, signedWith } = await signHere(home.keysFolder, trusted, open.drafts);
    if (signedWith.length === 0) {
      throw new XylemError(
        'E_THRESHOLD',
        `${home.keysFolder} holds no key that this ceremony needs; nothing was signed.`,
      );
    }
    await writeSigned(writeCeremony({ trusted, drafts, began }), out, file);
    const missing = stillMissing(trusted, drafts);
    return {
      data: { repository: trusted.id, words, signedWith, missing, out },
      text: [
        `Signed with ${signedWith.map(shortId).join(', ')}.`,
        ...missing,
        missing.length === 0
          ? `Next: xylem ceremony finish ${out}`
          : `Next: xylem ceremony sign ${out}, where the other keys are`,
      ].join('\n'),
    };
  },
});
