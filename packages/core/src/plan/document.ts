import { strategySchema } from '../deployment/strategy-schema.ts';
import { sha256 } from '../hashing.ts';
import type { Digest } from '../ids.ts';
import { limits } from '../limits.ts';
import { array, closedObject, integer, literal, nullable, oneOf, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from '../wire/document.ts';
import * as f from '../wire/fields.ts';
import { approvalRulesSchema } from './approvals.ts';

/** docs/spec/plans.md, The document. */

const environment = closedObject({
  environment: f.environmentId,
  name: f.environmentName,
  facts: f.digest,
});

const stage = closedObject(
  { name: f.name, environments: array(environment, { minItems: 1, maxItems: 1_000 }) },
  {
    strategy: strategySchema,
    approvals: approvalRulesSchema,
    soakSeconds: integer({ maximum: 366 * 86_400 }),
    onFail: oneOf('stop', 'rollback'),
  },
);

const planSchema = closedObject(
  {
    format: literal('xylem-plan-1'),
    product: f.name,
    kind: oneOf('deploy', 'undeploy'),
    version: nullable(f.version),
    release: nullable(f.digest),
    stages: array(stage, { minItems: 1, maxItems: 64 }),
  },
  {
    skipUnfit: literal(true),
    urgent: literal(true),
    purgeData: literal(true),
    change: string({ title: 'a change ticket', pattern: '^[^\\p{Cc}]+$', maxLength: 200 }),
  },
);

export type Plan = Static<typeof planSchema>;
export type PlanStage = Plan['stages'][number];
export type PlanEnvironment = PlanStage['environments'][number];

const kind = documentKind(planSchema, {
  what: 'plan',
  format: 'xylem-plan-1',
  maxBytes: limits.plan,
  check: ({ kind: what, version, release, stages, purgeData }) => {
    if ((version === null) !== (what === 'undeploy') || (release === null) !== (version === null))
      return 'a deploy names a version and its release, an undeploy neither';
    if (purgeData === true && what !== 'undeploy') return 'only an undeploy purges data';
    const names = stages.map(({ name }) => name);
    if (new Set(names).size < names.length) return 'two stages have one name';
    const environments = stages.flatMap((one) => one.environments.map((entry) => entry.environment));
    if (environments.length > 1_000) return 'it names more than 1,000 environments';
    return new Set(environments).size < environments.length ? 'an environment stands in it twice' : undefined;
  },
});
/** @throws XylemError E_DOCUMENT_INVALID, also for keys that this program does not know */
export const parsePlan = kind.parse;
export const encodePlan = kind.encode;

/** What is approved. */
export const planDigest = (plan: Plan): Digest => sha256(encodePlan(plan));
