import { limits } from '../limits.ts';
import { literal, object } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { digest, name, time, version } from './fields.ts';

/** docs/spec/metadata.md, Channel document. */
export const channelSchema = object({
  format: literal('xylem-channel-1'),
  product: name,
  channel: name,
  version,
  release: digest,
  issued: time,
});

export type Channel = Static<typeof channelSchema>;

const kind = documentKind(channelSchema, {
  what: 'channel document',
  format: 'xylem-channel-1',
  maxBytes: limits.channel,
  code: 'E_CHANNEL_INVALID',
});
export const parseChannel = kind.parse;
export const encodeChannel = kind.encode;
