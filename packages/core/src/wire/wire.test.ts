/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EnvironmentId } from '../ids.ts';
import { jcsBytes } from '../jcs.ts';
import { limits } from '../limits.ts';
import { examples } from './examples.test-data.ts';
import {
  encodePackage,
  formatNewsCursor,
  type PackageDocument,
  parseDesiredState,
  parseHostMapNode,
  parseNewsCursor,
  parseNewsFile,
  parseOffer,
  parsePackage,
  parsePackIndex,
  parsePatchList,
  parseRelease,
  parseTrustMap,
} from './index.ts';

type Json = Record<string, unknown>;
const asJson = (name: string): Json => JSON.parse(new TextDecoder().decode(examples[name]?.encoded)) as Json;
const documents = Object.keys(examples).filter((name) => name !== 'tree');
const coded = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    const { code } = error as { code?: string };
    assert.match(String(code), /^E_/, String(error));
    return code;
  }
};

/** Nobody can approve what the program does not understand (docs/spec/plans.md). */
const closed: ReadonlySet<string> = new Set([
  'plan',
  'plan-gates',
  'plan-notify',
  'plan-passes',
  'plan-probes',
  'plan-ring',
  'plan-stages',
  'plan-tests',
  'plan-verification',
]);

for (const name of documents) {
  const { encoded, parse } = examples[name]!;
  const unknown = closed.has(name) ? 'refused' : 'ignored';
  test(`${name}: unknown keys are ${unknown}, other majors and other documents refused`, () => {
    const json = asJson(name);
    const code = coded(() => parse(jcsBytes({ ...json, later: { a: [1] } })));
    assert.equal(code === undefined ? 'ignored' : 'refused', unknown);
    if (typeof json.format !== 'string') return;
    const next = json.format.replace(/\d+$/, '99');
    assert.equal(
      coded(() => parse(jcsBytes({ ...json, format: next }))),
      'E_FORMAT_UNSUPPORTED',
    );
    assert.notEqual(
      coded(() => parse(jcsBytes({ ...json, format: 'xylem-other-1' }))),
      undefined,
    );
    for (const other of [null, [], 1, 'x'])
      assert.notEqual(
        coded(() => parse(jcsBytes(other))),
        undefined,
      );
  });

  test(`${name}: damage anywhere is refused with a code, or is another valid document`, () => {
    fc.assert(
      fc.property(
        fc.nat(encoded.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        (at, byte, cut) => {
          const damaged = cut ? encoded.slice(0, at) : encoded.slice();
          if (!cut) damaged[at] = byte;
          coded(() => parse(damaged));
        },
      ),
      { numRuns: 200 },
    );
  });

  test(`${name}: a value of another type at any place is refused with a code`, () => {
    const json = asJson(name);
    for (const path of pathsIn(json)) {
      for (const value of [null, -1, 1.5, '', 'x\0', [], {}, { ['__proto__']: 1 }, Number.MAX_VALUE]) {
        coded(() => parse(jcsBytes(replaced(json, path, value))));
      }
    }
    for (const key of Object.keys(json))
      assert.notEqual(
        coded(() => parse(jcsBytes({ ...json, [key]: -1 }))),
        undefined,
        key,
      );
  });
}

function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))].filter(
    (p) => p.length > 0,
  );
}

function replaced(value: unknown, [key = '', ...rest]: string[], by: unknown): unknown {
  const copy = structuredClone(value) as Json;
  copy[key] = rest.length === 0 ? by : replaced(copy[key], rest, by);
  return copy;
}

test('a refusal names the path of the key and what is expected', () => {
  const state = asJson('desired-state');
  const wrong = replaced(state, ['assignments', '1', 'package'], 'abc');
  assert.throws(() => parseDesiredState(wrong), {
    code: 'E_METADATA_INVALID',
    message:
      'The desired state is not valid: assignments[1].package: expected a digest (64 lower-case hexadecimal digits), found "abc".',
  });
  assert.throws(() => parseDesiredState(replaced(state, ['products'], {})), {
    message: /assignments\[0\]\.product: "shop" is not in products/,
  });
});

test('input beyond its limit is not read', () => {
  const huge = ' '.repeat(limits.hostMapNode + 1);
  assert.throws(() => parseHostMapNode(huge), { code: 'E_TOO_LARGE' });
});

test('a release has its components sorted, each once, and no circle', () => {
  const release = asJson('release') as { packages: Json[] };
  const packages = (...changes: Json[]) => ({
    ...release,
    packages: changes.map((change) => ({ ...release.packages[0], ...change })),
  });
  assert.throws(() => parseRelease(packages({ component: 'b' }, { component: 'a' })), {
    code: 'E_RELEASE_INVALID',
    message: /packages\[1\]/,
  });
  assert.throws(() => parseRelease(packages({ component: 'a' }, { component: 'a' })), {
    code: 'E_RELEASE_INVALID',
  });
  assert.throws(
    () => parseRelease(packages({ component: 'a', after: ['b'] }, { component: 'b', after: ['a'] })),
    { message: /a → b → a/ },
  );
});

test("a package's rules beyond its schema", () => {
  const base = asJson('package') as unknown as PackageDocument;
  const service = base.service!;
  for (const [change, message] of [
    [{ kind: 'files' }, /service: expected for the kind "service"/],
    [{ health: { intervalMs: 5 } }, /exactly one of http, tcp and command/],
    [{ health: { tcp: { port: 1 }, command: ['x'] } }, /exactly one/],
    [{ variants: [base.variants[0], base.variants[0]] }, /each os and arch once/],
    [{ requires: { db: 'newest' } }, /a version range/],
    [{ configSchema: { type: 'array' } }, /configSchema.type/],
    [{ configSchema: { type: 'object', unevaluatedItems: false } }, /unevaluatedItems/],
    [
      { service: { ...service, command: ['${config.port}'] } },
      /service\.command\[0\]: the program must not come/,
    ],
    [{ service: { ...service, command: ['${HOME}/x'] } }, /unknown/],
    [{ service: { ...service, environment: { A: '${config.absent}' } } }, /config\.absent/],
    [{ service: { ...service, command: ['a\0b'] } }, /without NUL/],
    [{ ports: [0] }, /ports\[0\]/],
  ] as const) {
    assert.throws(() => parsePackage({ ...base, ...change }), { message });
  }
  assert.ok(encodePackage(base).length > 0);
});

test('a trust map has the direction repository of its environment, and products of release repositories', () => {
  const map = asJson('trust-map') as { environment: string; repositories: Json };
  assert.throws(() => parseTrustMap({ ...map, products: { shop: map.environment } }), {
    message: /a release repository/,
  });
  assert.throws(() => parseTrustMap({ ...map, repositories: {} }), { message: /direction repository/ });
});

test('news files name no path outside the repository', () => {
  const file = asJson('news-file');
  for (const path of [
    '/etc/passwd',
    '../x',
    'r/../../x',
    'r//x',
    'r/./x',
    'r/x/',
    '',
    'r/a b',
    'r\\x',
    'r/\0',
  ]) {
    assert.throws(
      () => parseNewsFile({ ...file, files: { [path]: '' } }),
      { code: 'E_DOCUMENT_INVALID' },
      path,
    );
  }
  assert.throws(() => parseNewsFile({ ...file, to: file.from }), { message: /above "from"/ });
});

test('a news cursor is read as it is written', () => {
  const cursor = new Map([
    ['b'.repeat(32) as EnvironmentId, 0],
    ['a'.repeat(32) as EnvironmentId, 1_795_231_686],
  ]);
  const text = formatNewsCursor(cursor);
  assert.equal(text, `${'a'.repeat(32)}.1795231686,${'b'.repeat(32)}.0`);
  assert.deepEqual(new Map(parseNewsCursor(text)), cursor);
  for (const bad of [
    '',
    'a.1',
    `${'a'.repeat(32)}`,
    `${'a'.repeat(32)}.-1`,
    `${'a'.repeat(32)}.01`,
    `${'a'.repeat(32)}.1.2`,
    `${text},`,
  ]) {
    assert.throws(() => parseNewsCursor(bad), { code: 'E_INPUT' }, bad);
  }
});

test('lists of patches that cannot be true are refused', () => {
  const list = asJson('patch-list') as { patches: unknown[][] };
  const [first = []] = list.patches;
  const code = (patches: unknown) => coded(() => parsePatchList(jcsBytes({ ...list, patches })));
  assert.equal(code([]), undefined);
  assert.equal(code(Array(64).fill(first)), undefined);
  for (const patches of [
    Array(65).fill(first),
    {},
    [first.slice(1)],
    [first.slice(0, 3)],
    [[...first, 1]],
    [first.with(3, -1)],
    [first.with(4, null)],
    [first.with(0, 'no digest')],
    [first.with(1, null)],
    [first.with(2, 0)],
    [first.with(2, 1.5)],
    [first.with(2, 2 ** 32 + 1)],
  ])
    assert.equal(code(patches), 'E_PATCH_INVALID', JSON.stringify(patches).slice(0, 100));
  assert.equal(
    coded(() => parsePatchList(jcsBytes({ ...list, to: 'x' }))),
    'E_PATCH_INVALID',
  );
  assert.equal(
    coded(() => parsePatchList(jcsBytes({ ...list, format: 'xylem-patches-2' }))),
    'E_FORMAT_UNSUPPORTED',
  );
});

test('offers that cannot be true are refused', () => {
  const offer = asJson('offer') as { frames: unknown[][] };
  const withFrames = (...frames: unknown[]) => jcsBytes({ ...offer, frames });
  const [first, second, third] = offer.frames as [unknown[], unknown[], unknown[]];
  for (const frames of [
    [first, second],
    [first, third],
    [second, first, third],
    [first, first, second, third],
    [first, second, third.with(0, 1)],
    [first, second, third.with(1, 7)],
    [first, second, third.with(2, 70_000)],
    [first, second, third.with(3, 2 ** 21)],
    [first, second, third.with(4, [])],
    [first, second, third.with(4, [[3, 2, 9]])],
    [first, second, third.with(4, [[3, 0, 0]])],
    [first, second, third.slice(1)],
  ]) {
    if (frames.length === 2 && frames[1] === second)
      assert.equal(
        coded(() => parseOffer(withFrames(...frames))),
        undefined,
      );
    else
      assert.equal(
        coded(() => parseOffer(withFrames(...frames))),
        'E_OFFER_INVALID',
        JSON.stringify(frames),
      );
  }
  assert.equal(
    coded(() => parseOffer(withFrames())),
    'E_OFFER_INVALID',
  );
});

test('pack indexes that cannot be true are refused', () => {
  const index = asJson('pack-index') as { frames: unknown[][] };
  const [first, second] = index.frames as [unknown[], unknown[]];
  for (const frames of [
    [second],
    [first.with(1, 1)],
    [first.with(2, 149_999)],
    [first.with(3, [])],
    [first, second.with(0, 8)],
    [first.with(3, [['x', 150_000]])],
  ]) {
    assert.equal(
      coded(() => parsePackIndex(jcsBytes({ ...index, frames }))),
      'E_PACK_INVALID',
    );
  }
});
