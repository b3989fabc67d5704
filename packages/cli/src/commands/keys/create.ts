import { writeFileAtomic } from '@xylem/platform';
import { publicKeyFile, shortId } from '@xylem/trust';
import { defineCommand, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { createKey } from '../../publishing/keys.ts';

export const command = defineCommand({
  arguments: '<what>',
  about: `For a machine that signs in ceremonies: needs no root server. WHAT is a word for people, such as root. On a terminal
it asks for a passphrase. Nothing trusts the key before \`xylem keys add\` or a ceremony names its public half.`,
  options: { out: text('<file>', 'write the public half there, to be handed out') },
  example: 'xylem keys create root --out carla.json',
  async run({ args, options, home }) {
    const what = only(args);
    const key = await createKey(home.keysFolder, what, { ask: true });
    const bytes = publicKeyFile(key, what);
    if (options.out !== undefined) await writeFileAtomic(options.out, bytes);
    const document = JSON.parse(Buffer.from(bytes).toString()) as object;
    return {
      data: { ...document, ...(options.out === undefined ? {} : { out: options.out }) },
      text: `The key ${shortId(key.keyId)} is made and lies in ${home.keysFolder}; keep a copy of it elsewhere.`,
    };
  },
});
