import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesPattern, mayHold } from './path-pattern.ts';

test('a star is any run within a segment, a question mark one character, all else itself', () => {
  const cases: [string, string, boolean][] = [
    ['targets/foo.tgz', 'targets/*.tgz', true],
    ['targets/foo.txt', 'targets/*.tgz', false],
    ['foo-version-a.tgz', 'foo-version-?.tgz', true],
    ['foo-version-alpha.tgz', 'foo-version-?.tgz', false],
    ['foo.tgz', '*.tgz', true],
    ['targets/foo.tgz', '*.tgz', false],
    ['a/b', '*', false],
    ['a/b', 'a?b', false],
    ['a/b/c', 'a/*/c', true],
    ['a/b/b/c', 'a/*/c', false],
    ['.hidden', '*', true],
    ['', '*', true],
    ['', '', true],
    ['a', '', false],
    ['abcabc', '*abc', true],
    ['ab', 'a*b*', true],
    // What other matchers give a meaning of their own.
    ['b', '!a', false],
    ['!a', '!a', true],
    ['#a', '#a', true],
    ['a', '{a,b}', false],
    ['a', '[ab]', false],
    ['a', '@(a)', false],
    ['a/x/b', 'a/**/b', true],
    ['a/x/y/b', 'a/**/b', false],
  ];
  for (const [path, pattern, expected] of cases) {
    assert.equal(matchesPattern(path, pattern), expected, `${path} by ${pattern}`);
  }
});

test("a publisher's pattern can't keep a host busy", { timeout: 30_000 }, () => {
  assert.equal(matchesPattern('a'.repeat(4000), `${'a*'.repeat(500)}b`), false);
  assert.equal(matchesPattern('a', `{1..99999999}${'{a,b}'.repeat(30)}`), false);
});

test('without paths and prefixes a delegation is for nothing', () => {
  assert.equal(mayHold({}, 'a'), false);
  assert.equal(mayHold({ pathHashPrefixes: [] }, 'a'), false);
  assert.equal(mayHold({ pathHashPrefixes: ['c', 'ca9'] }, 'a'), true);
});
