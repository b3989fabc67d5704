import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { publicKeyFile } from '@xylem/trust';
import { defineCommand, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { openHeld, readKeyRing } from '../../publishing/key-ring.ts';

export const command = defineCommand({
  arguments: '<keyid>',
  about:
    'Writes the public half of a key of ~/.xylem/keys, for `xylem keys add --public` on another machine.',
  options: { out: text('<file>', 'where to (default: standard output)') },
  example: 'xylem keys export 3fa85f64 --out anna.json',
  async run({ args, options, home }) {
    const word = only(args);
    const found = (await readKeyRing(home.keysFolder)).filter((one) =>
      one.shortId.startsWith(word.slice(0, 16)),
    );
    const [held] = found;
    if (held === undefined || found.length > 1) {
      throw new XylemError('E_NOT_FOUND', `${home.keysFolder} holds ${found.length} keys ${word}.`);
    }
    const bytes = publicKeyFile(held.key ?? (await openHeld(held)), held.what);
    const document = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
    if (options.out === undefined) return { data: document, text: Buffer.from(bytes).toString() };
    await writeFileAtomic(options.out, bytes);
    return {
      data: { ...document, out: options.out },
      text: `The public key of ${held.what} is in ${options.out}.`,
    };
  },
});
