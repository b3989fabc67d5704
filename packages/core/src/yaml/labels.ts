import { record } from '../schema/build.ts';
import { labelKey, labelValue } from '../wire/fields.ts';
import { checkYaml } from './check.ts';

const labelsSchema = record(labelKey, labelValue);

/** Reads labels, a map of keys to strings. Throws E_INPUT naming file, line, column, key and what is expected. */
export function parseLabelsYaml(text: string, file: string): Readonly<Record<string, string>> {
  return checkYaml(text, labelsSchema, file).value;
}
