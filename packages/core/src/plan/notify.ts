import { topicPatternSource } from '../notification/topics.ts';
import { array, closedObject, described, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';

/** Who is told of a plan besides those who subscribed for its environments (docs/spec/plans.md, Stakeholders). */
export const planNotifySchema = closedObject(
  {
    mail: described(
      array(
        string({
          title: 'one address of mail, without a name: ops@acme.example',
          pattern: '^[^\\s<>,;:"()\\[\\]\\\\@\\p{Cc}]{1,64}@[A-Za-z0-9.-]{1,189}$',
          maxLength: 254,
        }),
        { minItems: 1, maxItems: 20 },
      ),
      'Stakeholders who are told by mail what becomes of the plan.',
    ),
  },
  {
    topics: described(
      array(
        string({
          title: "a topic or a pattern of topics, like 'plan.*' or deployment.failed",
          pattern: topicPatternSource,
          maxLength: 100,
        }),
        { minItems: 1, maxItems: 20 },
      ),
      'Of what: topics of the plan and of its deployments. Absent: plan.*',
    ),
  },
);
export type PlanNotify = Static<typeof planNotifySchema>;

/** What stakeholders are told of where nobody says: not of each environment by itself. */
export const planTopics: readonly string[] = ['plan.*'];
