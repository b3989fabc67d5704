import { closedObject } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { command } from '../../wire/package/fields.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';
import { variables, variablesFrom } from './variables.ts';

export const serviceYaml = closedObject({ command }, { environment: variables, stopTimeout: duration });

export function serviceFrom(
  { command: given, environment, stopTimeout }: Static<typeof serviceYaml>,
  ms: Milliseconds,
): NonNullable<PackageDocument['service']> {
  return {
    command: given,
    ...(environment === undefined ? {} : { environment: variablesFrom(environment) }),
    ...(stopTimeout === undefined ? {} : { stopTimeoutMs: ms(stopTimeout, 'service', 'stopTimeout') }),
  };
}
