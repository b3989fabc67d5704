import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { parseSize } from '../../frame/size-text.ts';
import { isName, sizeText } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<product> <size>|none',
  about: `Bounds what a product may have at the root server: packs, patches and whatever else its packages name, compressed. What is
published above it is refused (E_PRODUCT_QUOTA) and everything that is there stays. xylem store show says what takes the room.`,
  example: 'xylem store quota shop 50GB',
  async run({ args, api }) {
    const [product = '', size = ''] = args;
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    const bytes = size === 'none' ? null : parseSize(size);
    const answer = await (await api()).call('quotaSet', { params: { product }, body: { bytes } });
    return {
      data: answer,
      text:
        bytes === null
          ? `${product} may have as much as there is room for.`
          : `${product} may have ${sizeText(bytes)} at the root server.`,
    };
  },
});
