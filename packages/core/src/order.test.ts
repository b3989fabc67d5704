import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cycleIn, inOrder } from './order.ts';

const item = (component: string, ...after: string[]) => ({ component, after });
const names = (items: readonly { component: string }[]) => items.map(({ component }) => component).join(' ');

test('each comes after those it names, else in the given order', () => {
  assert.equal(
    names(inOrder([item('web', 'api'), item('jobs'), item('api', 'db'), item('db')])),
    'db api web jobs',
  );
  assert.equal(names(inOrder([item('a', 'elsewhere'), item('b')])), 'a b');
});

test('a circle is found and said', () => {
  assert.deepEqual(cycleIn([item('a', 'b'), item('b', 'c'), item('c', 'b')]), ['b', 'c', 'b']);
  assert.deepEqual(cycleIn([item('a', 'a')]), ['a', 'a']);
  assert.equal(cycleIn([item('a', 'b'), item('b')]), undefined);
});

test('keeps every item and every order that can be kept', () => {
  const graph = fc
    .integer({ min: 1, max: 12 })
    .chain((size) =>
      fc
        .array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 30 })
        .map((edges) =>
          Array.from({ length: size }, (_, i) =>
            item(`c${i}`, ...edges.filter(([from, to]) => from === i && to < i).map(([, to]) => `c${to}`)),
          ),
        ),
    );
  fc.assert(
    fc.property(graph, fc.infiniteStream(fc.nat()), (items, keys) => {
      const shuffled = items
        .map((value) => ({ value, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ value }) => value);
      assert.equal(cycleIn(shuffled), undefined);
      const ordered = inOrder(shuffled);
      assert.deepEqual(new Set(ordered), new Set(items));
      for (const [index, { after }] of ordered.entries()) {
        for (const name of after) assert.ok(ordered.findIndex(({ component }) => component === name) < index);
      }
    }),
  );
});

test('a chain of 10,000 does not overflow the stack', () => {
  const chain = Array.from({ length: 10_000 }, (_, i) => item(`c${i}`, `c${i + 1}`));
  assert.equal(inOrder(chain)[0]?.component, 'c9999');
});
