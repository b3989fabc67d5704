import { strategySchema } from '../deployment/strategy-schema.ts';
import { approvalRulesSchema } from '../plan/approvals.ts';
import { atOnceSchema, forcesSchema, ringParts } from '../plan/document.ts';
import { planGatesSchema } from '../plan/gates.ts';
import { planNotifySchema } from '../plan/notify.ts';
import { planProbesSchema } from '../plan/probes.ts';
import { testListSchema, testsOnNoDataSchema } from '../plan/tests.ts';
import {
  array,
  boolean,
  closedObject,
  described,
  either,
  integer,
  literal,
  oneOf,
  string,
  titled,
} from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { soakSchema } from '../stage-order/policy.ts';
import { mostPeriods, periodParts } from '../wire/change-policy.ts';
import { name } from '../wire/fields.ts';
import { passesSchema } from '../wire/passing.ts';

/** docs/spec/plans.md, Plan files. */

const pattern = string({
  title: "an environment or a pattern, like acme/production or '*/production'",
  pattern: '^[a-z0-9*?-]+(/[a-z0-9*?-]+)?$',
  maxLength: 127,
});
const to = titled(
  either(pattern, array(pattern, { minItems: 1, maxItems: 1_000 })),
  "environments or patterns, like '*/production'",
);
const where = string({ title: 'a selector like "ring = 1"', minLength: 1, maxLength: 4096 });
/** Of whole environments: nothing in a period selects hosts. */
const { where: _where, ...periodOptional } = periodParts.optional;
const periods = array(closedObject(periodParts.required, periodOptional), {
  minItems: 1,
  maxItems: mostPeriods,
});

const schedule = closedObject(
  {},
  {
    notBefore: described(
      string({
        title: 'a time with its offset, like "2026-03-01T08:00:00+01:00"',
        pattern:
          '^20\\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(Z|[+-]\\d{2}:\\d{2})$',
      }),
      'No environment of the stage begins earlier.',
    ),
    windows: described(
      periods,
      'Environments of the stage begin only within one of them (RFC 5545, in a time zone); those under way go on. Windows of hosts hold besides.',
    ),
    freezes: described(periods, 'No environment of the stage begins within one of them.'),
  },
);

const rules = {
  strategy: described(
    strategySchema,
    "How the release comes to the hosts of each environment. Absent: as the environment's own policy says.",
  ),
  approvals: described(
    approvalRulesSchema,
    'Who has to approve, besides those whom the environments demand: each rule is any, all, or of (a number) and perhaps from.',
  ),
  fourEyes: described(boolean(), "true: the author's own word does not count."),
  gates: described(
    planGatesSchema,
    "What must hold before an environment begins, besides what its policy demands, in the policy's own words.",
  ),
  soak: described(
    soakSchema,
    'For how long the release runs in all environments of the stage without a fault before the next stage begins.',
  ),
  verification: described(
    closedObject(
      {
        probes: described(
          planProbesSchema,
          "Names of `policy.verify` of the stage's environments, or probes in full, which the root server asks while the plan is in this stage: name, url, expect, certificate, ca, everySeconds, timeoutSeconds.",
        ),
      },
      { for: described(soakSchema, 'For how long each has to have passed without a fault.') },
    ),
    'What users have to see in all environments of the stage, asked after the release came, before the next stage begins.',
  ),
  ask: described(boolean(), 'true: a person says `xylem plan resume` before the stage begins.'),
  atOnce: described(
    atOnceSchema,
    'How many environments of the stage are under way at once. Absent: 10 %, at least one.',
  ),
  failures: described(
    integer({ maximum: 1_000 }),
    'So many environments of the stage may fail before the plan stops. Absent: none.',
  ),
  onFail: described(
    oneOf('stop', 'rollback', 'rollback-plan'),
    'When the plan stops by itself: leave everything as it is (absent), take this stage back, or take back all that the plan brought.',
  ),
  verdict: described(
    titled(
      either(literal('ring'), closedObject({}, { bake: soakSchema, ...ringParts })),
      '"ring", or what it says',
    ),
    'ring: all environments of the stage are judged together and ask once, none by itself. Or with bake (how long each host stays healthy, and how long the ring waits before it asks), minimumExposure (so many hosts must have baked), alpha and onNoData.',
  ),
  tests: described(
    titled(
      either(
        literal('policy'),
        testListSchema,
        closedObject(
          { jobs: titled(either(literal('policy'), testListSchema), '"policy", or a list of jobs') },
          { within: soakSchema, onNoData: testsOnNoDataSchema },
        ),
      ),
      '"policy", a list of jobs (component, job), or an object with jobs',
    ),
    'Jobs of its packages that hosts of the stage run when it is done, and that must pass before the next stage begins; policy: those that policy.after of later environments names. within: how long a result is awaited (absent: 1h). onNoData: without one ask (absent) or stop.',
  ),
  schedule: described(schedule, 'When environments of the stage may begin.'),
};
const rulesSchema = closedObject({}, rules);
export type PlanRulesYaml = Static<typeof rulesSchema>;

const stage = closedObject(
  {
    to: described(to, 'Which environments. One that an earlier stage has already is not taken again.'),
  },
  {
    name: described(name, 'Absent: stage-1, stage-2, …'),
    where: described(where, 'Only those whose labels, tenant or stage fit this selector: `ring = 1`.'),
    ...rules,
  },
);

export const planYamlSchema = closedObject(
  {},
  {
    release: described(
      string({
        title: 'a release like shop@2.4.0, or a channel like shop/stable',
        pattern: '^[a-z0-9-]+(@[0-9A-Za-z.-]+|/[a-z0-9-]+)$',
        maxLength: 200,
      }),
      'What is deployed: shop@2.4.0, or what the channel shop/stable says when the plan is made.',
    ),
    undeploy: described(name, 'In place of release: the product that is taken away.'),
    to: described(
      to,
      "Environments, in place of stages. They go one stage after the other in their tenants' order (development, test, staging, production).",
    ),
    where: described(where, 'With to: only those that fit.'),
    stages: described(
      array(stage, { minItems: 1, maxItems: 64 }),
      'One after the other. What stands at the top (strategy, soak, …) holds for each that does not say otherwise.',
    ),
    ...rules,
    skipUnfit: described(boolean(), 'true: hosts that a package has no variant for keep what they run.'),
    urgent: described(boolean(), "true: outside of hosts' windows too."),
    why: described(
      string({ title: 'a sentence on one line', pattern: '^[^\\p{Cc}]+$', maxLength: 1_000 }),
      'Why it comes; what is urgent and says why begins in a frozen environment too.',
    ),
    passes: described(
      passesSchema,
      'With urgent and why: what of hosts it passes. Where it names neither windows nor quotas, these too. Another person than who plans it approves freezes and locks.',
    ),
    forces: described(
      forcesSchema,
      'With why: gates that are passed though they are closed. Another person than who plans it approves that.',
    ),
    deadline: described(
      soakSchema,
      'After so long from its begin in an environment, such as 4h, those who have not come to it are told of.',
    ),
    purgeData: described(boolean(), 'With undeploy, true: data folders go too.'),
    change: described(
      string({ title: 'a change ticket', pattern: '^[^\\p{Cc}]+$', maxLength: 200 }),
      'The change ticket that it belongs to.',
    ),
    notify: described(
      planNotifySchema,
      'Who is told of it, besides those who subscribed for its environments.',
    ),
  },
);
