import type { JsonSchema, TypeName } from './json-schema.ts';

const nouns: Readonly<Record<TypeName, string>> = {
  null: 'null',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  string: 'a string',
  array: 'a list',
  object: 'a map of keys to values',
};

/** What a schema accepts, as a noun phrase for "expected …". */
export function describe(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return orList(schema.enum.map((value) => JSON.stringify(value)));
  const forms = schema.anyOf ?? schema.oneOf;
  if (schema.type === undefined && forms !== undefined) {
    return orList([
      ...new Set(forms.map((form) => (typeof form === 'boolean' ? 'a value' : describe(form)))),
    ]);
  }
  const types =
    schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : schema.type;
  if (types.length === 0) return 'another value';
  return orList(types.map((type) => nouns[type])) + bounds(schema);
}

function bounds(schema: JsonSchema): string {
  const { minLength, maxLength, minItems, maxItems, minimum, maximum, pattern } = schema;
  const parts = [
    range(minimum, maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum, ''),
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' elements'),
    range(schema.minProperties, schema.maxProperties, ' keys'),
    schema.exclusiveMinimum === undefined ? '' : ` above ${schema.exclusiveMinimum}`,
    schema.exclusiveMaximum === undefined ? '' : ` below ${schema.exclusiveMaximum}`,
    schema.multipleOf === undefined ? '' : ` that is a multiple of ${schema.multipleOf}`,
    pattern === undefined ? '' : ` matching ${pattern}`,
  ];
  return parts.join('');
}

function range(min: number | undefined, max: number | undefined, unit: string): string {
  if (min !== undefined && max !== undefined)
    return min === max ? ` of ${min}${unit}` : ` from ${min} to ${max}${unit}`;
  if (min !== undefined) return ` of at least ${min}${unit}`;
  return max === undefined ? '' : ` of at most ${max}${unit}`;
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A value as shown in a message: short, on one line. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
