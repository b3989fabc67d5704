import { describe, describeValue } from './describe.ts';
import type { JsonSchema, TypeName } from './json-schema.ts';

export type Path = readonly (string | number)[];

/** What is wrong with a value, and what would be right. */
export interface Issue {
  readonly path: Path;
  readonly kind: 'missing' | 'unknown' | 'wrong';
  readonly expected: string;
  readonly found: string;
  /** For an unknown key: the keys that may stand there. */
  readonly known?: readonly string[];
}

interface Check {
  readonly root: JsonSchema | boolean;
  readonly issues: Issue[];
  readonly max: number;
  /** Depth of nested schemas, so that a `$ref` that leads to itself ends. */
  depth: number;
}

const MAX_DEPTH = 100;

/** The first `max` issues of `value` under `schema`; empty if it fits. Interpreted: nothing is compiled. */
export function issuesOf(schema: JsonSchema | boolean, value: unknown, max = 1): readonly Issue[] {
  const check: Check = { root: schema, issues: [], max, depth: 0 };
  visit(check, schema, value, []);
  return check.issues;
}

function report(check: Check, path: Path, value: unknown, expected: string): void {
  if (check.issues.length < check.max)
    check.issues.push({ path, kind: 'wrong', expected, found: describeValue(value) });
}

function fits(check: Check, schema: JsonSchema | boolean, value: unknown, path: Path): Issue | undefined {
  const inner: Check = { root: check.root, issues: [], max: 1, depth: check.depth };
  visit(inner, schema, value, path);
  return inner.issues[0];
}

function visit(check: Check, schema: JsonSchema | boolean, value: unknown, path: Path): void {
  if (schema === true || check.issues.length >= check.max) return;
  if (schema === false) {
    report(check, path, value, 'nothing here');
    return;
  }
  if (check.depth >= MAX_DEPTH) {
    report(check, path, value, `at most ${MAX_DEPTH} levels`);
    return;
  }
  check.depth += 1;
  if (schema.$ref !== undefined) visit(check, resolve(check.root, schema.$ref), value, path);
  if (plain(schema, value)) {
    if (Array.isArray(value)) visitArray(check, schema, value, path);
    else if (typeof value === 'object' && value !== null) visitObject(check, schema, value, path);
  } else report(check, path, value, describe(schema));
  combine(check, schema, value, path);
  check.depth -= 1;
}

/** The keywords that look at the value alone. */
function plain(schema: JsonSchema, value: unknown): boolean {
  const { type } = schema;
  if (
    typeof type === 'string'
      ? !isType(type, value)
      : type !== undefined && !type.some((t) => isType(t, value))
  ) {
    return false;
  }
  if (schema.const !== undefined && !equal(schema.const, value)) return false;
  if (schema.enum !== undefined && !schema.enum.some((allowed) => equal(allowed, value))) return false;
  if (typeof value === 'string') return stringFits(schema, value);
  if (typeof value === 'number') return numberFits(schema, value);
  return true;
}

function isType(type: TypeName, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return Number.isFinite(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function stringFits({ minLength, maxLength, pattern }: JsonSchema, value: string): boolean {
  // A string of n UTF-16 units has between n / 2 and n code points: count only where that does not decide.
  if (minLength !== undefined && (value.length < minLength || codePoints(value) < minLength)) return false;
  if (maxLength !== undefined && value.length > maxLength && codePoints(value) > maxLength) return false;
  return pattern === undefined || matches(pattern, value);
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

const patterns = new Map<string, RegExp>();

function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(pattern, 'u');
    if (patterns.size > 1000) patterns.clear();
    patterns.set(pattern, compiled);
  }
  try {
    return compiled.test(text);
  } catch {
    // Matching a repeated group in megabytes of text overflows V8's stack: such text does not fit.
    return false;
  }
}

function numberFits(schema: JsonSchema, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return false;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return false;
  if (multipleOf === undefined) return true;
  const quotient = value / multipleOf;
  return Number.isInteger(quotient) || Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

function visitArray(check: Check, schema: JsonSchema, value: readonly unknown[], path: Path): void {
  const { minItems, maxItems, prefixItems = [], items, contains, uniqueItems } = schema;
  if (
    (minItems !== undefined && value.length < minItems) ||
    (maxItems !== undefined && value.length > maxItems)
  ) {
    report(check, path, value, describe(schema));
    return;
  }
  if (uniqueItems === true && new Set(value.map(canonical)).size !== value.length) {
    report(check, path, value, 'a list without repetitions');
  }
  for (const [index, element] of value.entries()) {
    const schemaHere = prefixItems[index] ?? items;
    if (schemaHere === undefined) break;
    visit(check, schemaHere, element, [...path, index]);
    if (check.issues.length >= check.max) return;
  }
  if (
    contains !== undefined &&
    !value.some((element, i) => fits(check, contains, element, [...path, i]) === undefined)
  ) {
    report(
      check,
      path,
      value,
      `a list that contains ${typeof contains === 'boolean' ? 'something' : describe(contains)}`,
    );
  }
}

function visitObject(check: Check, schema: JsonSchema, value: object, path: Path): void {
  const keys = Object.keys(value);
  const { properties = {}, patternProperties = {}, additionalProperties, propertyNames } = schema;
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema;
  if (keys.length < minProperties || keys.length > maxProperties)
    report(check, path, value, describe(schema));
  for (const key of schema.required ?? [])
    if (!Object.hasOwn(value, key)) missing(check, schema, [...path, key]);
  for (const [key, needed] of Object.entries(schema.dependentRequired ?? {})) {
    if (!Object.hasOwn(value, key)) continue;
    for (const other of needed) if (!Object.hasOwn(value, other)) missing(check, schema, [...path, other]);
  }
  const patternsHere = Object.entries(patternProperties);
  for (const key of keys) {
    const inside: unknown = Reflect.get(value, key);
    let named = false;
    const at = [...path, key];
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) {
      named = true;
      visit(check, property, inside, at);
    }
    for (const [pattern, schemaHere] of patternsHere) {
      if (!matches(pattern, key)) continue;
      named = true;
      visit(check, schemaHere, inside, at);
    }
    if (!named && additionalProperties === false) unknown(check, at, Object.keys(properties));
    else if (!named && additionalProperties !== undefined) visit(check, additionalProperties, inside, at);
    if (propertyNames !== undefined && fits(check, propertyNames, key, at) !== undefined) {
      report(
        check,
        at,
        key,
        `a key that is ${typeof propertyNames === 'boolean' ? 'allowed' : describe(propertyNames)}`,
      );
    }
    if (check.issues.length >= check.max) return;
  }
}

function missing(check: Check, schema: JsonSchema, path: Path): void {
  const property = schema.properties?.[String(path.at(-1))];
  const expected = property === undefined || typeof property === 'boolean' ? 'a value' : describe(property);
  if (check.issues.length < check.max)
    check.issues.push({ path, kind: 'missing', expected, found: 'nothing' });
}

function unknown(check: Check, path: Path, known: readonly string[]): void {
  const expected = known.length === 0 ? 'no keys here' : `one of the keys ${known.join(', ')}`;
  if (check.issues.length < check.max) {
    check.issues.push({
      path,
      kind: 'unknown',
      expected,
      found: `the unknown key "${String(path.at(-1))}"`,
      known,
    });
  }
}

function combine(check: Check, schema: JsonSchema, value: unknown, path: Path): void {
  for (const part of schema.allOf ?? []) visit(check, part, value, path);
  if (schema.anyOf !== undefined && !visitTagged(check, schema.anyOf, value, path)) {
    const found = schema.anyOf.map((part) => fits(check, part, value, path));
    if (!found.includes(undefined)) push(check, closest(found, path), path, value, describe(schema));
  }
  if (schema.oneOf !== undefined && !visitTagged(check, schema.oneOf, value, path)) {
    const found = schema.oneOf.map((part) => fits(check, part, value, path));
    const count = found.filter((issue) => issue === undefined).length;
    if (count === 0) push(check, closest(found, path), path, value, describe(schema));
    else if (count > 1) report(check, path, value, `exactly one of ${schema.oneOf.length} forms`);
  }
  if (schema.not !== undefined && fits(check, schema.not, value, path) === undefined) {
    report(
      check,
      path,
      value,
      `anything but ${typeof schema.not === 'boolean' ? 'this' : describe(schema.not)}`,
    );
  }
  if (schema.if !== undefined) {
    const branch = fits(check, schema.if, value, path) === undefined ? schema.then : schema.else;
    if (branch !== undefined) visit(check, branch, value, path);
  }
}

/**
 * Of forms that one key tells apart (`kind: canary`), only the one that is meant is looked at: what is wrong within it
 * says more than that it is not another. @returns whether they are such forms
 */
function visitTagged(
  check: Check,
  forms: readonly (JsonSchema | boolean)[],
  value: unknown,
  path: Path,
): boolean {
  if (!isType('object', value)) return false;
  const tag = tagOf(forms);
  if (tag === undefined) return false;
  const { key, byTag } = tag;
  const said: unknown = Object.hasOwn(value as object, key) ? Reflect.get(value as object, key) : undefined;
  const form = typeof said === 'string' ? byTag.get(said) : undefined;
  if (form !== undefined) visit(check, form, value, path);
  else if (said !== undefined) report(check, [...path, key], said, describe({ enum: [...byTag.keys()] }));
  else missing(check, { properties: { [key]: { enum: [...byTag.keys()] } } }, [...path, key]);
  return true;
}

/** The key that each form demands with another text. */
function tagOf(
  forms: readonly (JsonSchema | boolean)[],
): { readonly key: string; readonly byTag: ReadonlyMap<string, JsonSchema> } | undefined {
  const [first] = forms;
  if (typeof first !== 'object' || forms.length < 2) return undefined;
  for (const key of first.required ?? []) {
    const byTag = new Map<string, JsonSchema>();
    for (const form of forms) {
      const property =
        typeof form === 'object' && form.required?.includes(key) === true
          ? form.properties?.[key]
          : undefined;
      if (typeof form !== 'object' || typeof property !== 'object') break;
      if (typeof property.const === 'string') byTag.set(property.const, form);
    }
    if (byTag.size === forms.length) return { key, byTag };
  }
  return undefined;
}

function push(check: Check, issue: Issue | undefined, path: Path, value: unknown, expected: string): void {
  if (issue === undefined) report(check, path, value, expected);
  else if (check.issues.length < check.max) check.issues.push(issue);
}

/** Of several failed forms, the one that got furthest into the value says most; if none did, none is meant. */
function closest(issues: readonly (Issue | undefined)[], path: Path): Issue | undefined {
  const deepest = issues.reduce((best, issue) =>
    (issue?.path.length ?? 0) > (best?.path.length ?? 0) ? issue : best,
  );
  return (deepest?.path.length ?? 0) > path.length ? deepest : undefined;
}

/** What a `$ref` within the same document stands for (`supported.ts` has refused others); nothing fits what is not there. */
export function resolve(root: JsonSchema | boolean, ref: string): JsonSchema | boolean {
  let at: unknown = root;
  for (const part of ref.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = Reflect.get(at, key);
  }
  return typeof at === 'boolean' ? at : typeof at === 'object' && at !== null ? (at as JsonSchema) : false;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function equal(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && canonical(a) === canonical(b));
}
