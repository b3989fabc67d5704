import { limits } from '../limits.ts';
import { array, literal, nullable, object } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { hostId, url } from './fields.ts';

/** docs/spec/repository.md, `GET /parents`. `self.host` is null at the root server. */
const parentsSchema = object({
  format: literal('xylem-parents-1'),
  self: object({ url, host: nullable(hostId) }),
  siblings: array(url, { maxItems: 10_000 }),
  above: array(url, { maxItems: 10_000 }),
});

export type Parents = Static<typeof parentsSchema>;

const kind = documentKind(parentsSchema, {
  what: 'list of parents',
  format: 'xylem-parents-1',
  maxBytes: limits.parents,
});
export const parseParents = kind.parse;
export const encodeParents = kind.encode;
