import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globMatches, joined, parseSelector, printSelector, type Selector, selects } from './index.ts';

const web = { id: 'ab12', name: 'web-1', labels: { role: 'web', site: 'muc', 'app.tier': 'front end' } };
const holds = (text: string, host: Parameters<typeof selects>[1] = web): boolean =>
  selects(parseSelector(text), host);

test('selects by labels, id and name', () => {
  for (const text of [
    '',
    'all',
    'role = web',
    'role=web and site in (muc, fra)',
    'not role = db',
    'role = db or site = muc',
    'zone != a',
    'app.tier = "front end"',
    'name ~ web-*',
    'id = ab12',
    'site exists',
    'not (role = web and site = fra)',
    'role = db and site = fra or role = web',
  ]) {
    assert.ok(holds(text), text);
  }
  for (const text of [
    'not all',
    'zone = a',
    'zone ~ *',
    'zone in (a)',
    'zone exists',
    'role = web and not site = muc',
    'id = ab',
  ]) {
    assert.ok(!holds(text), text);
  }
  assert.ok(
    !holds('toString exists'.toLowerCase()) && !holds('constructor exists'),
    'labels are own keys only',
  );
});

test('a mistake is named with its column and what is expected', () => {
  for (const [text, column, expected] of [
    ['role', 5, /"=", "!=", "~", "in" or "exists" after the key "role"/],
    ['role = ', 8, /a value/],
    ['role = web and', 15, /a label's key/],
    ['role = web role', 12, /"and", "or" or the end/],
    ['site in muc', 9, /"\(" after "in"/],
    ['site in (muc fra)', 14, /"," or "\)"/],
    ['(role = web', 12, /"and", "or" or "\)"/],
    ['Role = web', 1, /lower-case/],
    ['role == web', 7, /a value/],
    ['role = "web', 8, /a closing "/],
    ['role = web & x = y', 12, /a word/],
    ['and = x', 1, /a label's key/],
    ['not not role = x', 5, /a label's key/],
    ['(('.repeat(60), 102, /at most 100 nested/],
  ] as const) {
    assert.throws(
      () => parseSelector(text),
      (error: { code: string; message: string; details: { column: number; expected: string } }) => {
        assert.equal(error.code, 'E_SELECTOR');
        assert.equal(error.details.column, column, text);
        assert.match(error.details.expected, expected, text);
        assert.match(error.message, new RegExp(`column ${column}`));
        return true;
      },
    );
  }
});

const plain = { noNullPrototype: true };
const key = fc.constantFrom('role', 'site', 'app.tier', 'id', 'name', 'x-1');
const value = fc.oneof(
  fc.constantFrom('web', 'muc', 'and', 'not', '', 'a b', '*', '10.0/8'),
  fc.string({ maxLength: 8 }).filter((text) => !text.includes('"')),
);
const { selector } = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { maxDepth: 4 },
    fc.constant<Selector>({ kind: 'all' }),
    fc.record({ kind: fc.constantFrom('equals' as const, 'differs' as const), key, value }, plain),
    fc.record({ kind: fc.constant('matches' as const), key, pattern: value }, plain),
    fc.record(
      {
        kind: fc.constant('in' as const),
        key,
        values: fc.array(value, { minLength: 1, maxLength: 3 }),
      },
      plain,
    ),
    fc.record({ kind: fc.constant('exists' as const), key }, plain),
    fc.record({ kind: fc.constant('not' as const), of: tie('selector') }, plain),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('selector'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, parts]) => joined(kind, parts)),
  ),
}));

test('what is printed parses to the same selector', () => {
  fc.assert(fc.property(selector, (tree) => assert.deepEqual(parseSelector(printSelector(tree)), tree)));
});

test('any text is read or refused with a code', () => {
  const words = fc.constantFrom(
    '(',
    ')',
    'and',
    'or',
    'not',
    'in',
    'role',
    '=',
    '!=',
    '"x"',
    ',',
    'all',
    '~',
    '?',
    ' ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((parts) => parts.join(' ')),
      ),
      (text) => {
        try {
          parseSelector(printSelector(parseSelector(text)));
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'E_SELECTOR');
        }
      },
    ),
  );
});

test('shell patterns agree with regular expressions, and do not explode', () => {
  const sign = fc.constantFrom('a', 'b', '*', '?', '.');
  fc.assert(
    fc.property(
      fc.array(sign, { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }),
      (p, t) => {
        const pattern = p.join('');
        const source = pattern.replaceAll('.', '\\.').replaceAll('?', '.').replaceAll('*', '.*');
        assert.equal(globMatches(pattern, t.join('')), new RegExp(`^${source}$`).test(t.join('')));
      },
    ),
  );
  assert.equal(globMatches(`${'a*'.repeat(50)}b`, 'a'.repeat(255)), false);
});
