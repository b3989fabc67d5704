import { XylemError } from '../errors.ts';
import { jcsBytes } from '../jcs.ts';
import { limits } from '../limits.ts';
import { anyObject, array, boolean, either, literal, object, record, string } from '../schema/build.ts';
import { issuesOf } from '../schema/check.ts';
import type { Static } from '../schema/json-schema.ts';
import { issueText } from '../schema/message.ts';
import { documentKind } from './document.ts';
import * as f from './fields.ts';
import { jobOrderSchema, mostJobOrders, mostPreflightOrders, preflightOrderSchema } from './jobs.ts';
import { linkLimitSchema, mostLinkLimits } from './link-limit.ts';
import { migrationOrderSchema } from './migration.ts';
import { reparentOrderSchema } from './reparent.ts';
import { retryOrder } from './retry.ts';
import { generationKey, wrappedKey } from './sealed.ts';

const adoptionOrder = string({ title: 'an order (32 hexadecimal digits)', pattern: '^[0-9a-f]{32}$' });

/** docs/spec/direction.md, Host map. */
export const hostMapEntrySchema = object(
  { labels: record(f.labelKey, f.labelValue) },
  {
    name: f.hostName,
    parents: array(f.url, { maxItems: 100 }),
    /** It tests `parents` before it leaves its former ones: docs/spec/reparenting.md. */
    reparent: reparentOrderSchema,
    pins: record(f.name, f.digest),
    config: record(f.name, anyObject()),
    serve: boolean(),
    retired: boolean(),
    keys: record(generationKey, wrappedKey),
    /** What it is to do as the runner of migrations; one a database. */
    migrate: array(migrationOrderSchema, { maxItems: 100 }),
    /** Components that it is to adopt, or to give back; nothing else is said of them here: docs/spec/adoption.md. */
    adopt: record(f.name, object({ order: adoptionOrder }, { undo: boolean() })),
    /** Jobs of packages that it is to run once: docs/spec/jobs.md. */
    jobs: array(jobOrderSchema, { maxItems: mostJobOrders }),
    /** Packages that it is to look at before they are directed: docs/spec/jobs.md, Beforehand. */
    preflight: array(preflightOrderSchema, { maxItems: mostPreflightOrders }),
    /** Orders to try again what was refused before, by component: docs/spec/deployments.md. */
    retry: record(f.name, retryOrder),
    /** Local returns that are undone, by product the `since` of the one that is meant: docs/spec/local.md. */
    undo: record(f.name, f.time),
    /** What its link to its parents, and its children's links to it, may carry: docs/spec/bandwidth.md. */
    limits: array(linkLimitSchema, { maxItems: mostLinkLimits }),
    /** The environment that it is to go to. */
    move: object({ environment: f.environmentId }, { name: f.environmentName }),
    /** The environment of another tenant that it is to go to: docs/spec/moves.md. */
    leave: object(
      { environment: f.environmentId },
      { keepData: boolean(), parents: array(f.url, { maxItems: 100 }) },
    ),
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

/**
 * Whether a host map can hold what shall be said to a host: one entry that it can't hold would keep the whole
 * environment from being directed. @throws XylemError E_INPUT naming the host, the key and what would be right
 */
export function checkHostMapEntry(host: string, entry: HostMapEntry): void {
  const refuse = (what: string, cause?: unknown): never => {
    throw new XylemError('E_INPUT', `What shall be said to the host ${host} is not valid: ${what}.`, {
      cause,
    });
  };
  const [issue] = issuesOf(hostMapEntrySchema, entry);
  if (issue !== undefined) refuse(issueText(issue));
  let sizeBytes = 0;
  try {
    sizeBytes = jcsBytes({ hosts: { [host]: entry } }).length;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    refuse(error.message.replace(/\.$/, ''), error);
  }
  if (sizeBytes > limits.hostMapEntry) {
    refuse(
      `it has ${sizeBytes} bytes; labels, parents and configuration together have at most ${limits.hostMapEntry}`,
    );
  }
}
