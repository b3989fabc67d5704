import { limits } from '../limits.ts';
import { anyObject, array, boolean, integer, object, oneOf, record, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { changePolicyFields, directionNeedsFault, refuseUnknownDirectionNeeds } from './change-policy.ts';
import { documentKind } from './document.ts';
import * as f from './fields.ts';
import { shapesSchema } from './migration.ts';
import { overridesSchema } from './passing.ts';
import { hostProbesSchema } from './probes.ts';
import { quarantineLists } from './quarantine.ts';
import { throughSchema } from './transitions.ts';

/** docs/spec/direction.md, Desired state. */

export const cohortSchema = object({
  salt: string({ title: 'a salt (b64u of 8 to 64 bytes)', pattern: '^[A-Za-z0-9_-]{11,86}$' }),
  atMost: string({ title: '64 lower-case hexadecimal digits', pattern: '^[0-9a-f]{64}$' }),
});

const bakeSeconds = integer({ title: 'seconds (1 to 604800)', minimum: 1, maximum: 604_800 });
const switched = integer({ title: 'how often (from 1)', minimum: 1 });

export const assignmentSchema = object(
  {
    component: f.name,
    product: f.name,
    release: f.digest,
    package: f.digest,
    version: f.version,
    where: string({ maxLength: 4096 }),
    config: anyObject(),
    after: array(f.name, { maxItems: 10_000 }),
  },
  /**
   * `urgent`: outside of windows too. `passes`: what else does not hold it up. `overrides`: in place of both, exactly
   * what does not. `bakeSeconds`: the host reports so long after it has committed it, whatever else. `switched`: how often
   * traffic that goes through it was switched.
   */
  {
    cohort: cohortSchema,
    deployment: f.deploymentId,
    urgent: boolean(),
    passes: array(oneOf('freezes', 'locks'), { minItems: 1, maxItems: 2 }),
    overrides: overridesSchema,
    bakeSeconds,
    switched,
  },
);

/** A host that no node may speak with any more, until the last of its certificates and the grace after it have ended. */
export const revokedSchema = object({ host: f.hostId, until: f.time });

/** For how long a component's own lock may hold up what direction asks for; 0: not at all. */
export const lockAtMostSeconds = integer({ title: 'seconds (0 to 604800)', maximum: 604_800 });

/** What becomes of what others changed on a host; absent: it is put back. */
const driftPolicy = oneOf('report');

export const desiredStateSchema = object(
  {
    format: oneOf('xylem-desired-state-1', 'xylem-desired-state-2'),
    environment: f.environmentId,
    name: f.environmentName,
    number: integer({ minimum: 1 }),
    issued: f.time,
    repositories: record(f.repositoryId, object({ snapshot: f.metadataVersion })),
    products: record(f.name, object({ repository: f.repositoryId, domain: f.domainId })),
    assignments: array(assignmentSchema, { maxItems: 100_000 }),
    purge: array(f.name, { maxItems: 10_000 }),
    policy: object(
      {
        reportEverySeconds: integer({ title: 'seconds (10 to 604800)', minimum: 10, maximum: 604_800 }),
        keepPrevious: integer({ minimum: 0, maximum: 100 }),
      },
      { lockAtMostSeconds, drift: driftPolicy, verify: hostProbesSchema, ...changePolicyFields },
    ),
    collector: object({
      key: string({ title: 'a raw Ed25519 key in b64u', pattern: '^[A-Za-z0-9_-]{43}$' }),
    }),
    hostMap: f.digest,
  },
  /** By host; absent: none. */
  {
    needs: array(f.name, { minItems: 1, maxItems: 100 }),
    revoked: array(revokedSchema, { maxItems: 100_000 }),
    /** By database; one that is absent was never migrated. */
    schemas: record(f.name, shapesSchema),
    /** By product, sorted by version; one that is absent leads straight to what is assigned. */
    through: record(f.name, throughSchema),
    ...quarantineLists,
  },
);

export type Cohort = Static<typeof cohortSchema>;
export type Revoked = Static<typeof revokedSchema>;
export type Assignment = Static<typeof assignmentSchema>;
export type DesiredState = Static<typeof desiredStateSchema>;

const kind = documentKind(desiredStateSchema, {
  what: 'desired state',
  format: ['xylem-desired-state-1', 'xylem-desired-state-2'],
  refuseUnknown: refuseUnknownDirectionNeeds,
  maxBytes: limits.desiredState,
  code: 'E_METADATA_INVALID',
  check: (document) => {
    const { products, assignments } = document;
    for (const [index, { product }] of assignments.entries()) {
      if (!Object.hasOwn(products, product))
        return `assignments[${index}].product: "${product}" is not in products`;
    }
    const stranger = Object.keys(document.through ?? {}).find((product) => !Object.hasOwn(products, product));
    if (stranger !== undefined) return `through: "${stranger}" is not in products`;
    return directionNeedsFault(document);
  },
});
export const parseDesiredState = kind.parse;
export const encodeDesiredState = kind.encode;
