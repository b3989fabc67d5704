import { XylemError } from '../errors.ts';
import { array, closedObject, either, integer, literal, oneOf, string, titled } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { parseSelector } from '../selector/parse.ts';
import * as f from '../wire/fields.ts';

/** docs/spec/plans.md, Tests. */

const testSchema = closedObject(
  { component: f.name, job: f.name },
  {
    where: string({ title: 'a selector like "role = web"', minLength: 1, maxLength: 4096 }),
    hosts: titled(
      either(integer({ minimum: 1, maximum: 1_000 }), literal('all')),
      'a number of hosts, or "all"',
    ),
  },
);
/** A job that has to pass before the next stage begins. */
export type PlanTest = Static<typeof testSchema>;

export const testListSchema = array(testSchema, { minItems: 1, maxItems: 32 });
export const testsOnNoDataSchema = oneOf('ask', 'stop');

export const mostWithinSeconds = 30 * 86_400;
export const testsSchema = closedObject(
  { jobs: testListSchema },
  { withinSeconds: integer({ minimum: 60, maximum: mostWithinSeconds }), onNoData: testsOnNoDataSchema },
);
export type PlanTests = Static<typeof testsSchema>;

/** What of a list of tests its schema could not see: where it lies, and a clause. Pure. */
export function testsFault(
  jobs: readonly PlanTest[],
): { readonly path: readonly (string | number)[]; readonly clause: string } | null {
  for (const [index, { component, job, where = '' }] of jobs.entries()) {
    if (jobs.findIndex((one) => one.component === component && one.job === job) !== index)
      return { path: [index], clause: `${job} of ${component} is named twice` };
    try {
      parseSelector(where);
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      const { column, expected } = error.details;
      return {
        path: [index, 'where'],
        clause: `not a selector: column ${String(column)}: expected ${String(expected)}`,
      };
    }
  }
  return null;
}
