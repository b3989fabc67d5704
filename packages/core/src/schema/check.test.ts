import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Check } from 'typebox/schema';
import { issuesOf } from './check.ts';
import type { JsonSchema } from './json-schema.ts';
import { issueText } from './message.ts';
import { nearest } from './nearest.ts';
import { parseSchema } from './supported.ts';

const name = fc.constantFrom('a', 'b', 'c', 'constructor');
const number = fc.constantFrom(-1, 0, 1, 1.5, 2, 3, 10);
/** As one text: an object with the middle one as a key could be taken for a promise. */
const branches = 'if then else'.split(' ');
const count = fc.integer({ min: 0, max: 3 });
const scalar = fc.oneof(fc.constant(null), fc.boolean(), number, fc.constantFrom('', 'a', 'ab', '😀', 'abc'));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}));
const { schema } = fc.letrec<{ schema: JsonSchema | boolean }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.boolean(),
    fc.record(
      {
        type: fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object'),
        minimum: number,
        exclusiveMaximum: number,
        multipleOf: fc.constantFrom(1, 0.5, 2),
        minLength: count,
        maxLength: count,
        pattern: fc.constantFrom('^a', 'b$', '.'),
      },
      { requiredKeys: [] },
    ),
    fc.record({ const: scalar }),
    fc.record({ enum: fc.array(value, { minLength: 1, maxLength: 3 }) }),
    fc.record(
      {
        items: tie('schema'),
        prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        contains: tie('schema'),
        minItems: count,
        maxItems: count,
        uniqueItems: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        properties: fc.dictionary(name, tie('schema'), { maxKeys: 2 }),
        additionalProperties: tie('schema'),
        patternProperties: fc.record({ '^a': tie('schema') }),
        propertyNames: fc.record({ maxLength: count }),
        required: fc.uniqueArray(name, { maxLength: 2 }),
        dependentRequired: fc.record({ a: fc.constant(['b']) }),
        minProperties: count,
        maxProperties: count,
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        not: tie('schema'),
      },
      { requiredKeys: [] },
    ),
    fc
      .tuple(tie('schema'), tie('schema'), tie('schema'))
      .map((parts) => Object.fromEntries(parts.map((part, i) => [branches[i] ?? '', part]))),
  ) as fc.Arbitrary<JsonSchema | boolean>,
}));

test('agrees with typebox on what fits', () => {
  let fitted = 0;
  fc.assert(
    fc.property(schema, value, (schemaHere, valueHere) => {
      parseSchema(schemaHere);
      const fits = issuesOf(schemaHere, valueHere).length === 0;
      fitted += fits ? 1 : 0;
      assert.equal(fits, Check(schemaHere as object, valueHere));
    }),
    { numRuns: 3000 },
  );
  assert.ok(fitted > 300, `only ${fitted} fitted: the generator is too strict to say much`);
});

test('says what is wrong where, and what would be right', () => {
  const environment: JsonSchema = {
    type: 'object',
    required: ['environment'],
    properties: {
      environment: { type: 'string', pattern: '^[a-z]+$', title: 'an environment name' },
      ports: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 } },
      mode: { enum: ['fast', 'safe'] },
    },
    additionalProperties: false,
  };
  const texts = (value: unknown): string[] => issuesOf(environment, value, 10).map(issueText);
  assert.deepEqual(texts({ environment: 'prod', ports: [80], mode: 'fast' }), []);
  assert.deepEqual(texts({ enviroment: 'prod', ports: [80, 0, '443'], mode: 'quick' }), [
    'environment is missing: expected an environment name',
    'enviroment is not a known key: did you mean "environment"?',
    'ports[1]: expected a whole number from 1 to 65535, found 0',
    'ports[2]: expected a whole number from 1 to 65535, found "443"',
    'mode: expected "fast" or "safe", found "quick"',
  ]);
  assert.deepEqual(texts([]), ['(document): expected a map of keys to values, found a list of 0']);
  const deep = {
    anyOf: [{ type: 'string' }, { type: 'object', properties: { a: { type: 'integer' } } }],
  } as const;
  assert.deepEqual(issuesOf(deep, { a: 'x' }).map(issueText), ['a: expected a whole number, found "x"']);
});

test('of forms that a key tells apart, the one that is meant is looked at, and all of it', () => {
  const form = (kind: string, key: string): JsonSchema => ({
    type: 'object',
    required: ['kind'],
    properties: { kind: { const: kind }, [key]: { type: 'integer' } },
    additionalProperties: false,
  });
  for (const alternatives of ['anyOf', 'oneOf']) {
    const schema = { [alternatives]: [form('rolling', 'most'), form('canary', 'steps')] };
    const said = (value: unknown): string[] => issuesOf(schema, value, 9).map(issueText);
    assert.deepEqual(said({ kind: 'canary', steps: 'two', most: 3 }), [
      'steps: expected a whole number, found "two"',
      'most is not a known key: expected one of the keys kind, steps',
    ]);
    assert.deepEqual(said({ kind: 'green', steps: 2 }), [
      'kind: expected "rolling" or "canary", found "green"',
    ]);
    assert.deepEqual(said({ steps: 2 }), ['kind is missing: expected "rolling" or "canary"']);
    assert.deepEqual(said({ kind: 'canary', steps: 2 }), []);
  }
});

test('a key called __proto__ is a key like others', () => {
  const value: unknown = JSON.parse('{"__proto__": {"a": 1}}');
  const schema = JSON.parse('{"properties": {"__proto__": {"type": "string"}}}') as JsonSchema;
  assert.equal(issuesOf(schema, value).length, 1);
  assert.equal(
    issuesOf({ properties: { a: false }, additionalProperties: false }, value)[0]?.kind,
    'unknown',
  );
  assert.equal(issuesOf({ required: ['toString'] }, {}).length, 1);
  assert.equal(issuesOf({ enum: [[]] }, value).length, 1);
});

test('text that overflows a regular expression does not fit, and says so', () => {
  const issues = issuesOf({ type: 'string', pattern: '^([a-z]{4})*$' }, 'a'.repeat(16_000_000));
  assert.equal(issues[0]?.kind, 'wrong');
});

test('references within the schema are followed, and end', () => {
  const list: JsonSchema = {
    $ref: '#/$defs/node',
    $defs: {
      node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, additionalProperties: false },
    },
  };
  assert.equal(issuesOf(list, { next: { next: {} } }).length, 0);
  assert.equal(issuesOf(list, { next: { other: 1 } }).length, 1);
  assert.equal(issuesOf({ $ref: '#' }, 1).length, 1);
  assert.equal(issuesOf({ $ref: '#/$defs/absent' }, 1).length, 1);
});

test('a schema with a keyword that would be skipped is refused', () => {
  for (const [bad, key] of [
    [
      { properties: { a: { unevaluatedProperties: false } } },
      'configSchema.properties.a.unevaluatedProperties',
    ],
    [{ $ref: 'https://example.com/schema' }, 'configSchema.$ref'],
    [{ pattern: '(' }, 'configSchema.pattern'],
    [{ type: 'text' }, 'configSchema.type'],
    [{ required: 'a' }, 'configSchema.required'],
    [{ items: [{}] }, 'configSchema.items'],
  ] as const) {
    assert.throws(
      () => parseSchema(bad),
      (error: { code: string; details: { key: string } }) =>
        error.code === 'E_CONFIG_INVALID' && error.details.key === key,
    );
  }
});

test('a slip of the finger finds the word that was meant', () => {
  const words = ['environment', 'products', 'policy'];
  assert.equal(nearest('prodcuts', words), 'products');
  assert.equal(nearest('Policy', words), 'policy');
  assert.equal(nearest('replicas', words), undefined);
});

test('a keyword whose value would make a reader fall is refused with the schema', () => {
  const odd = [
    { type: null },
    { type: ['string', null] },
    { type: [['string']] },
    { enum: null },
    { enum: 'a' },
    { $defs: { a: { type: null } } },
    { $ref: '#/%' },
    { $ref: '#/default', default: { pattern: '(' } },
    { $ref: '#/default', default: { $ref: '#/const' }, const: { enum: null } },
  ];
  for (const schema of odd) {
    assert.throws(() => parseSchema(schema), { code: 'E_CONFIG_INVALID' }, JSON.stringify(schema));
  }
});
