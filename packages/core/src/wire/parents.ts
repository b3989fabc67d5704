import type { EnvironmentId } from '../ids.ts';
import { limits } from '../limits.ts';
import { array, either, literal, nullable, object } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { environmentId, hostId, url } from './fields.ts';

const neighbourSchema = object({
  url,
  host: hostId,
  serves: either(literal('*'), array(environmentId, { maxItems: 10_000 })),
});

/** docs/spec/repository.md, `GET /parents`. `self.host` is null at the root server. */
const parentsSchema = object(
  {
    format: literal('xylem-parents-1'),
    self: object({ url, host: nullable(hostId) }),
    siblings: array(url, { maxItems: 10_000 }),
    above: array(url, { maxItems: 10_000 }),
  },
  {
    relays: array(neighbourSchema, { maxItems: 10_000 }),
    line: array(hostId, { maxItems: limits.lineHosts }),
  },
);

export type Parents = Static<typeof parentsSchema>;
/** A relay as its parent names it to another child. */
export type NeighbourRelay = Static<typeof neighbourSchema>;

const kind = documentKind(parentsSchema, {
  what: 'list of parents',
  format: 'xylem-parents-1',
  maxBytes: limits.parents,
});
export const parseParents = kind.parse;
export const encodeParents = kind.encode;

/** Whether a node may be named by this address: TLS, nothing but a host and a path. Pure. */
export function isNodeUrl(text: string): boolean {
  return text.length <= 2048 && /^https:\/\/[^\s#?]+$/.test(text) && URL.canParse(text);
}

/** As many relays as one answer names. */
export const mostNeighbours = 100;

/** Which environments a relay serves, or a node may follow. */
export type Serving = '*' | readonly EnvironmentId[];

/** What both have; null: nothing. Pure. */
export function servedByBoth(a: Serving, b: Serving): Serving | null {
  if (a === '*') return b === '*' || b.length > 0 ? b : null;
  const shared = b === '*' ? a : a.filter((environment) => b.includes(environment));
  return shared.length === 0 ? null : shared;
}
