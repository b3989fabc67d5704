import { limits } from '../limits.ts';
import { integer, literal, object } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { hostId, time } from './fields.ts';
import { incarnation } from './report.ts';

/** docs/spec/reports.md: the root server has everything of this host up to here. */
const watermarkSchema = object({
  format: literal('xylem-watermark-1'),
  host: hostId,
  incarnation,
  sequence: integer(),
  time,
});

export type Watermark = Static<typeof watermarkSchema>;

/** The `payloadType` of a watermark's envelope. */
export const watermarkPayloadType = 'application/vnd.xylem.watermark+json';

const kind = documentKind(watermarkSchema, {
  what: 'watermark',
  format: 'xylem-watermark-1',
  maxBytes: limits.watermark,
  code: 'E_REPORT_INVALID',
});
export const parseWatermark = kind.parse;
export const encodeWatermark = kind.encode;
