import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { isName, only } from '../../frame/words.ts';
import { createProduct } from '../../publishing/product.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: `Makes the key that signs the product's releases and saves it in ~/.xylem/keys; the vendor's targets key, made by
\`xylem root init\`, must be there too. XYLEM_PASSPHRASE, if set, protects the new key.`,
  example: 'xylem product create shop',
  async run({ args, api, home, clock, randomness, signal }) {
    const name = only(args);
    if (!isName(name))
      throw new XylemError(
        'E_INPUT',
        `"${name}" is no product's name. Use lower-case letters, digits and -.`,
      );
    const product = await createProduct({
      api: await api(),
      name,
      keysFolder: home.keysFolder,
      clock,
      randomness,
      signal,
    });
    return {
      data: product,
      text: `${name} is created; the key that signs its releases lies in ${home.keysFolder}.`,
    };
  },
});
