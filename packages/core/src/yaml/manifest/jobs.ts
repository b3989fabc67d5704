import { closedObject, record } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { name } from '../../wire/fields.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { command } from '../../wire/package/fields.ts';
import { jobBlock } from '../../wire/package/jobs.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';
import { variables, variablesFrom } from './variables.ts';

const job = closedObject({ command }, { ...jobBlock, timeout: duration, environment: variables });
export const jobsYaml = record(name, job);

export function jobsFrom(
  given: Static<typeof jobsYaml>,
  ms: Milliseconds,
): NonNullable<PackageDocument['jobs']> {
  return Object.fromEntries(
    Object.entries(given).map(([called, { timeout, environment, ...same }]) => [
      called,
      {
        ...same,
        ...(timeout === undefined ? {} : { timeoutMs: ms(timeout, 'jobs', called, 'timeout') }),
        ...(environment === undefined ? {} : { environment: variablesFrom(environment) }),
      },
    ]),
  );
}
