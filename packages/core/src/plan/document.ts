import { probabilitySchema, strategySchema } from '../deployment/strategy-schema.ts';
import { sha256 } from '../hashing.ts';
import type { Digest } from '../ids.ts';
import { limits } from '../limits.ts';
import {
  array,
  closedObject,
  either,
  integer,
  literal,
  nullable,
  oneOf,
  string,
  titled,
} from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { mostPeriods, periodParts, shapeFault } from '../wire/change-policy.ts';
import { documentKind } from '../wire/document.ts';
import * as f from '../wire/fields.ts';
import { passesSchema } from '../wire/passing.ts';
import { approvalRulesSchema } from './approvals.ts';
import { gatesFault, planGatesSchema } from './gates.ts';
import { planNotifySchema } from './notify.ts';
import { planProbesFault, planProbesSchema } from './probes.ts';
import { testsFault, testsSchema } from './tests.ts';

/** docs/spec/plans.md, The document. */

const environment = closedObject({
  environment: f.environmentId,
  name: f.environmentName,
  facts: f.digest,
});

export const atOnceSchema = titled(
  either(integer({ minimum: 1, maximum: 1_000 }), string<`${number}%`>({ pattern: '^([1-9][0-9]?|100)%$' })),
  'a number of environments or a share like "10%"',
);

/** Gates that people may say are to be passed though they are closed; hosts enforce none of these, and a freeze is passed by what is urgent. */
export const forceableGates = [
  'change-ticket',
  'disk',
  'health',
  'incidents',
  'preflight',
  'stage-order',
  'statements',
] as const;
export type ForceableGate = (typeof forceableGates)[number];
export const forcesSchema = array(oneOf(...forceableGates), { minItems: 1, maxItems: forceableGates.length });

/** Of whole environments: nothing in it selects hosts. */
const { where: _where, ...periodOptional } = periodParts.optional;
const periods = array(closedObject(periodParts.required, periodOptional), {
  minItems: 1,
  maxItems: mostPeriods,
});

/** What the verdict of a ring may say, besides its bake: plan files write that as people do. */
export const ringParts = {
  minimumExposure: integer({ minimum: 1, maximum: 1_000_000 }),
  alpha: probabilitySchema,
  onNoData: oneOf('ask', 'wait'),
};

const stage = closedObject(
  { name: f.name, environments: array(environment, { minItems: 1, maxItems: 1_000 }) },
  {
    strategy: strategySchema,
    approvals: approvalRulesSchema,
    fourEyes: literal(true),
    gates: planGatesSchema,
    soakSeconds: integer({ maximum: 366 * 86_400 }),
    ask: literal(true),
    atOnce: atOnceSchema,
    failures: integer({ maximum: 1_000 }),
    onFail: oneOf('stop', 'rollback', 'rollback-plan'),
    verdict: closedObject(
      { of: literal('ring') },
      { bakeSeconds: integer({ minimum: 60, maximum: 2_592_000 }), ...ringParts },
    ),
    tests: testsSchema,
    verification: closedObject({ probes: planProbesSchema, seconds: integer({ maximum: 366 * 86_400 }) }),
    notBefore: f.time,
    windows: periods,
    freezes: periods,
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
    why: f.message,
    passes: passesSchema,
    forces: forcesSchema,
    deadlineSeconds: integer({ minimum: 1, maximum: 366 * 86_400 }),
    purgeData: literal(true),
    change: string({ title: 'a change ticket', pattern: '^[^\\p{Cc}]+$', maxLength: 200 }),
    notify: planNotifySchema,
  },
);

export type Plan = Static<typeof planSchema>;
export type PlanStage = Plan['stages'][number];
export type PlanEnvironment = PlanStage['environments'][number];

const kind = documentKind(planSchema, {
  what: 'plan',
  format: 'xylem-plan-1',
  maxBytes: limits.plan,
  check: ({ kind: what, version, release, stages, purgeData, urgent, passes, forces, why, change }) => {
    if ((version === null) !== (what === 'undeploy') || (release === null) !== (version === null))
      return 'a deploy names a version and its release, an undeploy neither';
    if (what !== 'deploy' && stages.some(({ verdict }) => verdict !== undefined))
      return 'only a deploy is judged ring by ring';
    if (what !== 'deploy' && stages.some(({ tests }) => tests !== undefined))
      return 'only a deploy is followed by tests';
    if (purgeData === true && what !== 'undeploy') return 'only an undeploy purges data';
    if (passes !== undefined && (what !== 'deploy' || urgent !== true || why === undefined))
      return 'only an urgent deploy passes anything, and says why';
    if (forces !== undefined && why === undefined) return 'who forces gates says why';
    const beside = { isDeploy: what === 'deploy', urgent: urgent === true, hasChange: change !== undefined };
    for (const { name, windows = [], freezes = [], tests, gates, verification } of stages) {
      const unfit = gates === undefined ? null : gatesFault(gates, { ...beside, forces: forces ?? [] });
      if (unfit !== null)
        return `stage ${name}: gates${unfit.key === null ? '' : `.${unfit.key}`}: ${unfit.clause}`;
      const probes = planProbesFault(verification?.probes ?? []);
      if (probes !== null) return `stage ${name}: verification: ${probes.clause}`;
      const wrong = testsFault(tests?.jobs ?? []);
      if (wrong !== null) return `stage ${name}: tests: ${wrong.clause}`;
      for (const period of [...windows, ...freezes]) {
        const fault = shapeFault(period);
        if (fault !== undefined) return `stage ${name}: ${period.name}: ${fault}`;
      }
    }
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
