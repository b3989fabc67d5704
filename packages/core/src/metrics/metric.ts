import { array, closedObject, number, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { name } from '../wire/fields.ts';

const query = string({ title: 'a query of Prometheus', minLength: 1, maxLength: 4096 });
const share = (title: string) => number({ title, minimum: 0, maximum: 1 });

/** Of an environment's YAML (docs/spec/metrics.md). */
export const metricsSchema = array(
  closedObject(
    { name, source: name },
    {
      bad: query,
      all: query,
      host: string({ title: 'the name of a label', pattern: '^[a-zA-Z_][a-zA-Z0-9_]{0,100}$' }),
      limit: share('the share of bad requests that is still allowed, from 0 to 1'),
      margin: share('a share from 0 to 1'),
      ratio: number({ title: 'a number from 1 to 1000', minimum: 1, maximum: 1000 }),
    },
  ),
  { maxItems: 16 },
);

/** What is measured of hosts, and what it is compared with. */
export type HostMetric = Static<typeof metricsSchema>[number];

/** What a metric says of one host over a window. */
export interface HostCounts {
  /** Its name or its id. */
  readonly host: string;
  readonly bad: number;
  readonly all: number;
}
