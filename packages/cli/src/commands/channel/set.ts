import { type Channel, encodeChannel, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { ResponseOf } from '@xylem/root/contract';
import { channelTarget, targetDigest } from '@xylem/trust';
import type { Api } from '../../api/client.ts';
import { defineCommand } from '../../frame/define.ts';
import { isName, isVersion } from '../../frame/words.ts';
import { changeRole, textOf } from '../../publishing/product-role.ts';

/** @throws XylemError E_NOT_FOUND */
async function presentChannel(api: Api, product: string, channel: string): Promise<ResponseOf<'channelSet'>> {
  const { channels } = await api.call('channelList', { params: { product } });
  const present = channels.find((one) => one.channel === channel);
  if (present === undefined) {
    throw new XylemError('E_NOT_FOUND', `The channel ${product}/${channel} was removed meanwhile.`);
  }
  return present;
}

export const command = defineCommand({
  arguments: '<channel> <version>',
  about: "CHANNEL is product/channel. Signed here, by the product's key.",
  example: 'xylem channel set shop/stable 2.4.0',
  async run({ args, api, home, clock, randomness, signal }) {
    const [word = '', version = ''] = args;
    const [product = '', channel = '', ...more] = word.split('/');
    if (!isName(product) || !isName(channel) || more.length > 0) {
      throw new XylemError('E_INPUT', `"${word}" is no channel. Write product/channel, as in shop/stable.`);
    }
    if (!isVersion(version))
      throw new XylemError('E_INPUT', `"${version}" is no semantic version, such as 2.4.0.`);
    const server = await api();
    const { release } = await server.call('releaseShow', { params: { product, version } });
    const document = {
      format: 'xylem-channel-1',
      product,
      channel,
      version,
      release,
      issued: formatTime(clock.now()),
    };
    const bytes = encodeChannel(document as Channel);
    const saved = await changeRole(
      { api: server, product, keysFolder: home.keysFolder, clock, randomness, signal },
      (content) => ({
        ...content,
        channels: new Map([...content.channels, [channelTarget(product, channel), targetDigest(bytes)]]),
      }),
      (roles) =>
        server.call('channelSet', { params: { product, channel }, body: { document: textOf(bytes), roles } }),
      // Set in this very second already, to this very release.
      () => presentChannel(server, product, channel),
    );
    return { data: saved, text: `${product}/${channel} points to ${saved.version}.` };
  },
});
