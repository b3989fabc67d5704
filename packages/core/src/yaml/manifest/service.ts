import { closedObject, either, integer, record, titled } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { argument, command, variableName } from '../../wire/package/fields.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';

/** YAML writes `PORT: 8080` as a number; a variable is text. */
const variable = titled(
  either(argument, integer({ minimum: Number.MIN_SAFE_INTEGER })),
  'a string or a whole number',
);

export const serviceYaml = closedObject(
  { command },
  { environment: record(variableName, variable), stopTimeout: duration },
);

export function serviceFrom(
  { command: given, environment, stopTimeout }: Static<typeof serviceYaml>,
  ms: Milliseconds,
): NonNullable<PackageDocument['service']> {
  return {
    command: given,
    ...(environment === undefined
      ? {}
      : {
          environment: Object.fromEntries(
            Object.entries(environment).map(([key, text]) => [key, String(text)]),
          ),
        }),
    ...(stopTimeout === undefined ? {} : { stopTimeoutMs: ms(stopTimeout, 'service', 'stopTimeout') }),
  };
}
