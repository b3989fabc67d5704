import { array, integer, object, oneOf, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { zone } from './change-policy.ts';

/** docs/spec/bandwidth.md, Limits. */

/** The slowest line that is worked over, 64 kbit/s: below it what is not read in time idles out. */
export const leastRate = 8_000;
export const mostLinkLimits = 16;

const rate = integer({ title: 'bytes per second (from 8,000)', minimum: leastRate });
const clockTime = string({ title: 'a clock time like "08:00"', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' });

export const weekdays = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const;

const linkTimes = object(
  { from: clockTime, to: clockTime, zone },
  { days: array(oneOf(...weekdays), { minItems: 1, maxItems: weekdays.length }) },
);
export const linkLimitSchema = object(
  {},
  {
    /** From its parents. */
    down: rate,
    /** To its parents. */
    up: rate,
    /** To all its children together, and to each. */
    serve: rate,
    each: rate,
    /** Absent: always. */
    times: linkTimes,
  },
);

export type LinkTimes = Static<typeof linkTimes>;
export type LinkLimit = Static<typeof linkLimitSchema>;
