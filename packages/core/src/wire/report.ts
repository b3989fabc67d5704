import { limits } from '../limits.ts';
import { addressLimits } from '../parents/addresses.ts';
import {
  array,
  boolean,
  integer,
  literal,
  nullable,
  object,
  oneOf,
  record,
  string,
} from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import * as f from './fields.ts';
import { jobReportSchema } from './jobs.ts';
import { pem } from './join.ts';
import { migrationReportSchema } from './migration.ts';
import { componentKinds } from './package/fields.ts';
import { probeReportsSchema } from './probes.ts';
import { mostQuarantined, quarantineId } from './quarantine.ts';
import { reparentedSchema } from './reparent.ts';
import { retryOrder } from './retry.ts';
import { recipientStatementSchema } from './sealed.ts';

/** docs/spec/reports.md: what a host says, inside the envelope that it signs. */

const text = string({ maxLength: 255 });
const address = string({ title: 'an address', maxLength: 45 });
/** Differs between two machines that run copies of one state folder, and after each boot. */
const boot = string({ title: 'a boot (32 hexadecimal digits)', pattern: '^[0-9a-f]{32}$' });
export const incarnation = string({
  title: 'an incarnation (16 hexadecimal digits)',
  pattern: '^[0-9a-f]{16}$',
});
const componentStates = ['running', 'stopped', 'installed', 'failed', 'removing'] as const;

/** In which step of the host it failed (docs/spec/local.md); newer agents may know others. */
const step = string({ maxLength: 32 });
/** `retry`: the order by which it was tried when it was refused; absent: none. */
const refused = object(
  { package: f.digest, code: f.errorCodeText, message: f.message },
  { step, retry: retryOrder },
);

const component = object(
  {
    component: f.name,
    product: f.name,
    kind: oneOf(...componentKinds),
    package: f.digest,
    version: f.version,
    tree: f.digest,
    previous: nullable(f.digest),
    state: oneOf(...componentStates),
    healthy: nullable(boolean()),
    since: f.time,
  },
  /**
   * `release`, `config`: the version of the release, and the digest of the configuration, that it was committed with.
   * `again`: its bake is not over, and the host reports again within so many seconds, whatever else. `came`: its tree
   * came by a patch that begins at the tree `from`, and so many bytes of objects came for it.
   */
  {
    refused,
    release: f.version,
    config: f.digest,
    again: integer({ title: 'seconds (1 to 604800)', minimum: 1, maximum: 604_800 }),
    came: object({ from: f.digest, bytes: f.sizeBytes }),
  },
);

const adoption = object(
  {
    component: f.name,
    order: string({ title: 'an order (32 hexadecimal digits)', pattern: '^[0-9a-f]{32}$' }),
    outcome: oneOf('agreed', 'adopted', 'differs', 'refused', 'given back'),
    at: f.time,
    by: text,
  },
  {
    version: f.version,
    code: f.errorCodeText,
    message: f.message,
    /** Of what the package names; `extra`: how many that it does not name. */
    differences: object({
      count: integer(),
      extra: integer(),
      named: array(object({ path: string({ maxLength: 4096 }), what: text }), { maxItems: 20 }),
    }),
  },
);

/** What a link carried in some time (docs/spec/bandwidth.md). */
const trafficSchema = object({ requests: integer(), sentBytes: integer(), receivedBytes: integer() });

export const reportSchema = object(
  {
    format: literal('xylem-report-1'),
    host: f.hostId,
    environment: f.environmentId,
    incarnation,
    sequence: integer({ minimum: 1 }),
    time: f.time,
    agent: f.version,
    name: f.hostName,
    facts: object(
      { os: text, osVersion: text, arch: text, node: text, cores: integer(), memoryBytes: f.sizeBytes },
      {
        diskFreeBytes: f.sizeBytes,
        boot,
        distribution: text,
        distributionVersion: text,
        /** Its own, by which parent rules find it: docs/spec/reparenting.md, Addresses. */
        addresses: array(address, { maxItems: addressLimits.said }),
      },
    ),
    direction: object({ snapshot: integer(), number: integer() }),
    releases: record(f.repositoryId, integer()),
    parent: object({ url: nullable(f.url), host: nullable(f.hostId) }),
    components: array(component, { maxItems: 10_000 }),
    waiting: array(
      object(
        { component: nullable(f.name), code: f.errorCodeText, message: f.message, since: f.time },
        { step },
      ),
      { maxItems: 10_000 },
    ),
    transfer: object({
      bytesDown: integer(),
      bytesUp: integer(),
      requests: integer(),
      refusedObjects: integer(),
    }),
  },
  {
    /** The host's own: a root server that was restored knows by it who joined after the backup. */
    certificate: pem,
    /** Whom to wrap data keys for (docs/spec/secrets.md). */
    secrets: recipientStatementSchema,
    /** The operators that it has pinned (0: none), and the quarantines that it remembers; absent: nothing of both. */
    quarantine: object({ operators: integer(), held: array(quarantineId, { maxItems: mostQuarantined }) }),
    /** What people on this host took back, and at what its components stay. */
    reverts: array(
      object({
        product: f.name,
        reason: f.message,
        since: f.time,
        by: text,
        kept: array(object({ component: f.name, version: f.version }), { maxItems: 10_000 }),
      }),
      { maxItems: 64 },
    ),
    /** It changes nothing but what it was told to adopt (docs/spec/adoption.md); absent: it follows direction. */
    observing: object({ since: f.time, by: text, orders: boolean() }),
    /** What became of the last order to adopt each component, or to give it back. */
    adoptions: array(adoption, { maxItems: 10_000 }),
    /** What it does, or did last, as the runner of migrations. */
    migrations: array(migrationReportSchema, { maxItems: 100 }),
    /** What became of the jobs that it was ordered to run, until the order is gone (docs/spec/jobs.md). */
    jobs: array(jobReportSchema, { maxItems: 64 }),
    /** What it asks of addresses, and what came of it. */
    probes: probeReportsSchema,
    /** What came of testing the new parents that it was given. */
    reparent: reparentedSchema,
    /** What direction may order of this agent that older ones pass over. */
    knows: array(f.name, { maxItems: 100 }),
    /** Of this incarnation's reports those that the host replaced before a parent had taken them. */
    supersededTotal: integer(),
    serves: object(
      { url: f.url, children: array(object({ host: f.hostId, lastSeen: f.time }), { maxItems: 10_000 }) },
      {
        /** Reports of the last day that newer ones replaced on the relay before a parent had taken them. */
        superseded: integer(),
        /** Since the relay's spool was made. */
        supersededTotal: integer(),
        /** By child, those first whose links carried most in the last day; the rest together, with no host. */
        carried: array(object({ host: nullable(f.hostId), hour: trafficSchema, day: trafficSchema }), {
          maxItems: 33,
        }),
      },
    ),
  },
);

export type Report = Static<typeof reportSchema>;
export type ReportedComponent = Report['components'][number];
export type Waiting = Report['waiting'][number];

/** The `payloadType` of a report's envelope. */
export const reportPayloadType = 'application/vnd.xylem.report+json';

const kind = documentKind(reportSchema, {
  what: 'report',
  format: 'xylem-report-1',
  maxBytes: limits.report,
  code: 'E_REPORT_INVALID',
});
export const parseReport = kind.parse;
export const encodeReport = kind.encode;
