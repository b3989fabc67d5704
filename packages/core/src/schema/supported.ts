import { XylemError } from '../errors.ts';
import { type Path, resolve } from './check.ts';
import type { JsonSchema } from './json-schema.ts';
import { pathText } from './message.ts';

const annotations = [
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'format',
];
const schemaMaps = new Set(['properties', 'patternProperties', '$defs']);
const schemaLists = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const schemas = new Set([
  'additionalProperties',
  'propertyNames',
  'items',
  'contains',
  'not',
  'if',
  'then',
  'else',
]);
const numbers = new Set([
  'minProperties',
  'maxProperties',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
]);
const others = new Set([...annotations, 'const', 'uniqueItems']);
const types = new Set(['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']);
const MAX_DEPTH = 50;

/**
 * `value` as a schema that `issuesOf` reads completely. JSON Schema has more keywords than Xylem knows; silently
 * skipping one would accept configuration that its publisher refuses, so they are refused at publishing.
 * Throws E_CONFIG_INVALID naming the key.
 */
export function parseSchema(value: unknown): JsonSchema | boolean {
  const references: Reference[] = [];
  const schema = schemaAt(value, [], references);
  // What is referred to may stand where no schema is looked for, as in `default`. Each is looked at once.
  const seen = new Set<string>();
  for (let next = references.pop(); next !== undefined; next = references.pop()) {
    if (seen.has(next.ref)) continue;
    seen.add(next.ref);
    schemaAt(resolve(schema, next.ref), next.at, references);
  }
  return schema;
}

interface Reference {
  readonly ref: string;
  readonly at: Path;
}

function schemaAt(value: unknown, at: Path, references: Reference[]): JsonSchema | boolean {
  if (typeof value === 'boolean') return value;
  if (!isMap(value)) return refuse(at, 'a schema (an object, true or false)');
  if (at.length > MAX_DEPTH) return refuse(at, `at most ${MAX_DEPTH} levels`);
  for (const [key, inner] of Object.entries(value)) checkKeyword(key, inner, [...at, key], references);
  return value;
}

function checkKeyword(key: string, value: unknown, at: Path, references: Reference[]): void {
  if (schemas.has(key)) schemaAt(value, at, references);
  else if (schemaMaps.has(key)) {
    if (!isMap(value)) refuse(at, 'an object of schemas');
    for (const [name, inner] of Object.entries(value as object)) {
      if (key === 'patternProperties') checkPattern(name, at);
      schemaAt(inner, [...at, name], references);
    }
  } else if (schemaLists.has(key)) {
    if (!Array.isArray(value) || value.length === 0) refuse(at, 'a list of schemas');
    for (const [index, inner] of (value as unknown[]).entries()) schemaAt(inner, [...at, index], references);
  } else if (numbers.has(key)) {
    if (!Number.isFinite(value) || (key === 'multipleOf' && Number(value) <= 0)) refuse(at, 'a number');
  } else if (key === 'required') {
    if (!isStrings(value)) refuse(at, 'a list of keys');
  } else if (key === 'dependentRequired') {
    if (!isMap(value) || !Object.values(value).every(isStrings)) refuse(at, 'an object of lists of keys');
  } else if (key === 'type') {
    const named: unknown[] = Array.isArray(value) ? value : [value];
    if (named.length === 0 || !named.every((type) => typeof type === 'string' && types.has(type)))
      refuse(at, `a type (${[...types].join(', ')})`);
  } else if (key === 'pattern') checkPattern(value, at);
  else if (key === '$ref') {
    if (typeof value !== 'string' || !/^#($|\/)/.test(value) || !isDecodable(value))
      refuse(at, 'a reference within the schema, like "#/$defs/name"');
    references.push({ ref: value as string, at });
  } else if (key === 'enum') {
    if (!Array.isArray(value)) refuse(at, 'a list of values');
  } else if (!others.has(key)) refuse(at, 'a keyword that Xylem supports (docs/spec/objects.md)');
}

function checkPattern(value: unknown, at: Path): void {
  try {
    if (typeof value !== 'string') throw new TypeError('not a string');
    new RegExp(value, 'u');
  } catch (cause) {
    refuse(at, 'a regular expression', cause);
  }
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== '';
  } catch {
    return false;
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((key) => typeof key === 'string');

function refuse(at: Path, expected: string, cause?: unknown): never {
  const key = pathText(['configSchema', ...at]);
  throw new XylemError('E_CONFIG_INVALID', `${key}: expected ${expected}.`, {
    cause,
    details: { key, expected, path: at },
  });
}
