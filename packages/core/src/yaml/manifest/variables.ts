import { either, integer, record, titled } from '../../schema/build.ts';
import { argument, variableName } from '../../wire/package/fields.ts';

/** YAML writes `PORT: 8080` as a number; a variable is text. */
const variable = titled(
  either(argument, integer({ minimum: Number.MIN_SAFE_INTEGER })),
  'a string or a whole number',
);
export const variables = record(variableName, variable);

/** Variables as text. */
export function variablesFrom(given: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([key, text]) => [key, String(text)]));
}
