import { type Channel, encodeChannel, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { ResponseOf } from '@xylem/root/contract';
import { channelTarget, targetDigest } from '@xylem/trust';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import { changeRole, textOf } from './product-role.ts';

type Tools = Pick<Invocation, 'home' | 'clock' | 'randomness' | 'signal'>;

/** @throws XylemError E_NOT_FOUND */
async function presentChannel(api: Api, product: string, channel: string): Promise<ResponseOf<'channelSet'>> {
  const { channels } = await api.call('channelList', { params: { product } });
  const present = channels.find((one) => one.channel === channel);
  if (present === undefined) {
    throw new XylemError('E_NOT_FOUND', `The channel ${product}/${channel} was removed meanwhile.`);
  }
  return present;
}

/** Points a channel to a release, signed by the product's key. @throws XylemError E_NOT_FOUND (the release) */
export async function setChannel(
  { home, clock, randomness, signal }: Tools,
  server: Api,
  {
    product,
    channel,
    version,
  }: { readonly product: string; readonly channel: string; readonly version: string },
): Promise<ResponseOf<'channelSet'>> {
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
  return await changeRole(
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
}
