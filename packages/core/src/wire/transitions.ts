import { array, boolean, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { compareVersions, isVersionRange } from '../versions.ts';
import * as f from './fields.ts';

/** docs/spec/transitions.md: which way leads from one release of a product to another. */

const mostEach = 64;
const range = string({
  title: 'a range of versions like ">=1.3.0 <1.4.0" (at most 256 characters)',
  minLength: 1,
  maxLength: 256,
});

/** In a product's role. */
export const transitionsSchema = object(
  {},
  {
    /** Sorted by version. `from`: which versions must pass through it; absent: all below. */
    waypoints: array(object({ version: f.version }, { from: range }), { minItems: 1, maxItems: mostEach }),
    deadEnds: array(
      object({
        versions: range,
        reason: string({ title: 'a reason of 1 to 500 characters', minLength: 1, maxLength: 500 }),
      }),
      { minItems: 1, maxItems: mostEach },
    ),
    /** The first that fits decides. */
    downgrades: array(object({ from: range, to: range, allowed: boolean() }), {
      minItems: 1,
      maxItems: mostEach,
    }),
  },
);
export type Transitions = Static<typeof transitionsSchema>;

/** In a desired state: the releases that hosts of the environment may have to pass through, by product. */
export const throughSchema = array(
  object({
    release: f.digest,
    version: f.version,
    packages: array(object({ component: f.name, package: f.digest, version: f.version }), {
      minItems: 1,
      maxItems: 10_000,
    }),
  }),
  { minItems: 1, maxItems: mostEach },
);
export type Through = Static<typeof throughSchema>[number];

/** What a schema can't say of them: a sentence, or undefined. */
export function transitionsFault({
  waypoints = [],
  deadEnds = [],
  downgrades = [],
}: Transitions): string | undefined {
  for (const [index, { version }] of waypoints.entries()) {
    const before = waypoints[index - 1];
    if (before !== undefined && compareVersions(before.version, version) >= 0)
      return `transitions.waypoints[${index}]: expected each version once, in ascending order`;
  }
  const ranges = [
    ...waypoints.flatMap(({ from }) => from ?? []),
    ...deadEnds.map(({ versions }) => versions),
    ...downgrades.flatMap(({ from, to }) => [from, to]),
  ];
  const wrong = ranges.find((one) => !isVersionRange(one));
  return wrong === undefined
    ? undefined
    : `transitions: ${JSON.stringify(wrong)} is no range of versions such as ">=1.3.0 <1.4.0"`;
}
