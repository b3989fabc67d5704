import { limits } from '../limits.ts';
import { anyObject, array, boolean, either, literal, object, record, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import * as f from './fields.ts';

/** docs/spec/direction.md, Host map. */
export const hostMapEntrySchema = object(
  { labels: record(f.labelKey, f.labelValue) },
  {
    name: f.hostName,
    parents: array(f.url, { maxItems: 100 }),
    pins: record(f.name, f.digest),
    config: record(f.name, anyObject()),
    serve: boolean(),
    retired: boolean(),
  },
);

const format = literal('xylem-hostmap-1');
const digit = string({ title: 'a hexadecimal digit', pattern: '^[0-9a-f]$' });
export const hostMapBranchSchema = object({ format, children: record(digit, f.digest) });
export const hostMapLeafSchema = object({ format, hosts: record(f.hostId, hostMapEntrySchema) });
const hostMapNodeSchema = either(hostMapBranchSchema, hostMapLeafSchema);

export type HostMapEntry = Static<typeof hostMapEntrySchema>;
export type HostMapBranch = Static<typeof hostMapBranchSchema>;
export type HostMapLeaf = Static<typeof hostMapLeafSchema>;
export type HostMapNode = HostMapBranch | HostMapLeaf;

const kind = documentKind(hostMapNodeSchema, {
  what: 'host map node',
  format: 'xylem-hostmap-1',
  maxBytes: limits.hostMapNode,
  check: (node) => ('children' in node && 'hosts' in node ? 'expected either children or hosts' : undefined),
});
export const parseHostMapNode = kind.parse;
export const encodeHostMapNode = kind.encode;
