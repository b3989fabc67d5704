import type { JsonSchema, Schema, Static } from './json-schema.ts';

type Shapes = Readonly<Record<string, JsonSchema>>;
type Flat<T> = { readonly [K in keyof T]: T[K] };
type ObjectOf<R extends Shapes, O extends Shapes> = Flat<
  { readonly [K in keyof R]: Static<R[K]> } & { readonly [K in keyof O]?: Static<O[K]> }
>;

interface StringOptions {
  /** A noun phrase for messages: "expected <title>". */
  readonly title?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

interface NumberOptions {
  readonly title?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export function string<T extends string = string>(options: StringOptions = {}): Schema<T> {
  return { type: 'string', ...options };
}

/** A whole number, from 0 to 2^53 - 1 unless said otherwise. */
export function integer(options: NumberOptions = {}): Schema<number> {
  return { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...options };
}

/** Any number, also with a fraction. */
export function number(options: NumberOptions = {}): Schema<number> {
  return { type: 'number', ...options };
}

export function boolean(title?: string): Schema<boolean> {
  return title === undefined ? { type: 'boolean' } : { type: 'boolean', title };
}

export function literal<const T extends string | number | boolean>(value: T): Schema<T> {
  return { const: value };
}

export function oneOf<const T extends string>(...values: readonly T[]): Schema<T> {
  return { enum: values };
}

export function array<S extends JsonSchema>(
  items: S,
  options: { readonly minItems?: number; readonly maxItems?: number; readonly title?: string } = {},
): Schema<readonly Static<S>[]> {
  return { type: 'array', items, ...options };
}

/** An object whose keys all fit `keys` and whose values all fit `values`. */
export function record<K extends string, S extends JsonSchema>(
  keys: Schema<K>,
  values: S,
): Schema<Readonly<Record<K, Static<S>>>> {
  return { type: 'object', propertyNames: keys, additionalProperties: values };
}

/** An object as in a document: keys that are not named here are ignored. */
export function object<const R extends Shapes, const O extends Shapes = Record<never, never>>(
  required: R,
  optional?: O,
): Schema<ObjectOf<R, O>> {
  return { type: 'object', required: Object.keys(required), properties: { ...required, ...optional } };
}

/** An object as people write it: keys that are not named here are refused. */
export function closedObject<const R extends Shapes, const O extends Shapes = Record<never, never>>(
  required: R,
  optional?: O,
): Schema<ObjectOf<R, O>> {
  return { ...object(required, optional), additionalProperties: false };
}

/** Any object, its values unread. */
export function anyObject(): Schema<Readonly<Record<string, unknown>>> {
  return { type: 'object' };
}

export function nullable<S extends JsonSchema>(schema: S): Schema<Static<S> | null> {
  return { anyOf: [schema, { type: 'null' }] };
}

export function either<const S extends readonly JsonSchema[]>(...anyOf: S): Schema<Static<S[number]>> {
  return { anyOf };
}

/** `schema` with a noun phrase for messages. */
export function titled<S extends JsonSchema>(schema: S, title: string): S {
  return { ...schema, title };
}

/** `schema` with a sentence for whoever writes it: editors show it. */
export function described<S extends JsonSchema>(schema: S, description: string): S {
  return { ...schema, description };
}
