import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { isName, isVersion } from '../../frame/words.ts';
import { setChannel } from '../../publishing/set-channel.ts';

export const command = defineCommand({
  arguments: '<channel> <version>',
  about: "CHANNEL is product/channel. Signed here, by the product's key.",
  example: 'xylem channel set shop/stable 2.4.0',
  async run(invocation) {
    const { args, api } = invocation;
    const [word = '', version = ''] = args;
    const [product = '', channel = '', ...more] = word.split('/');
    if (!isName(product) || !isName(channel) || more.length > 0) {
      throw new XylemError('E_INPUT', `"${word}" is no channel. Write product/channel, as in shop/stable.`);
    }
    if (!isVersion(version))
      throw new XylemError('E_INPUT', `"${version}" is no semantic version, such as 2.4.0.`);
    const saved = await setChannel(invocation, await api(), { product, channel, version });
    return { data: saved, text: `${product}/${channel} points to ${saved.version}.` };
  },
});
