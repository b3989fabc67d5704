import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { difference, withBoth } from './both.ts';

const base = 'a\nb\nc\nd\ne\n';

test('changes that lie apart stand together', () => {
  assert.equal(withBoth(base, 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\n'), 'A\nb\nc\nd\nE\n');
  assert.equal(withBoth(base, 'a\nb\nc\nd\ne\nf\n', 'b\nc\nd\ne\n'), 'b\nc\nd\ne\nf\n');
  assert.equal(withBoth(base, base, 'other'), 'other');
  assert.equal(withBoth(base, 'mine', base), 'mine');
  assert.equal(withBoth(base, 'same', 'same'), 'same');
});

test('changes that touch each other are a person’s to settle', () => {
  assert.equal(withBoth(base, 'a\nB\nc\nd\ne\n', 'a\nX\nc\nd\ne\n'), null);
  assert.equal(withBoth(base, 'a\nB\nc\nd\ne\n', 'a\nb\nC\nd\ne\n'), null, 'neighbours');
  assert.equal(withBoth(base, 'a\nb\n1\nc\nd\ne\n', 'a\nb\n2\nc\nd\ne\n'), null, 'one place');
  assert.equal(withBoth(base, 'A\nb\nc\nd\nE\n', 'a\nb\nC\nd\ne\n'), null, 'one around the other');
});

test('a line of both is in the text of both, and whose does not matter', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, text, (before, mine, theirs) => {
      const both = withBoth(before, mine, theirs);
      assert.equal(both, withBoth(before, theirs, mine));
      // Nothing is lost: as many lines as each added or took away.
      const count = (one: string): number => one.split('\n').length;
      if (both === null || mine === theirs) return;
      assert.equal(count(both), count(mine) + count(theirs) - count(before));
    }),
  );
});

test('a difference is said in lines, and not without end', () => {
  assert.deepEqual(difference(base, 'a\nB\nc\nd\ne\n', 9), ['line 2', '- b', '+ B']);
  assert.deepEqual(difference(base, base, 9), []);
  assert.deepEqual(difference(base, '', 2), ['line 1', '- a', '- b', '… and 3 more lines']);
});
