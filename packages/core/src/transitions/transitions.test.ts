import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareVersions, type Version } from '../versions.ts';
import { transitionsFault } from '../wire/transitions.ts';
import { isLegalStep, nextStep, pathFrom, type TransitionGraph, waypointsAhead } from './index.ts';

const v = (text: string): Version => text as Version;
const graph = (
  transitions: NonNullable<TransitionGraph['transitions']>,
  floor?: string,
): TransitionGraph => ({
  transitions,
  ...(floor === undefined ? {} : { floor: v(floor) }),
});
const waypoints = (...versions: string[]) => ({ waypoints: versions.map((one) => ({ version: v(one) })) });
const way = (of: TransitionGraph, from: string | null, to: string) =>
  pathFrom(of, from === null ? null : v(from), v(to));

test('the way from one release to another', () => {
  const through = graph(waypoints('2.0.0', '3.0.0'));
  const steps = (...versions: string[]) => ({ kind: 'steps', steps: versions });
  assert.deepEqual(way({}, '1.0.0', '9.0.0'), steps('9.0.0'));
  assert.deepEqual(way(through, '1.0.0', '4.0.0'), steps('2.0.0', '3.0.0', '4.0.0'));
  assert.deepEqual(way(through, '2.0.0-rc.1', '2.0.1'), steps('2.0.0', '2.0.1'));
  assert.deepEqual(way(through, '2.0.0', '2.9.0'), steps('2.9.0'));
  assert.deepEqual(way(through, '1.0.0', '2.0.0'), steps('2.0.0'));
  assert.deepEqual(way(through, '1.0.0', '1.9.0'), steps('1.9.0'));
  assert.deepEqual(way(through, null, '4.0.0'), steps('4.0.0'), 'a fresh installation');
  assert.deepEqual(way(through, '4.0.0', '4.0.0'), steps());
  // What lies below the floor nobody could pass through.
  assert.deepEqual(
    way(graph(waypoints('2.0.0', '3.0.0'), '2.5.0'), '1.0.0', '4.0.0'),
    steps('3.0.0', '4.0.0'),
  );
  // A waypoint that concerns some versions alone.
  const some = graph({ waypoints: [{ version: v('2.0.0'), from: '<1.5.0' }] });
  assert.deepEqual(way(some, '1.4.9', '3.0.0'), steps('2.0.0', '3.0.0'));
  assert.deepEqual(way(some, '1.5.0', '3.0.0'), steps('3.0.0'));
});

test('dead ends end updates, and no way leads into one to stay there', () => {
  const dead = graph({
    ...waypoints('2.0.0'),
    deadEnds: [{ versions: '1.3.0 - 1.3.4', reason: 'Its updater is broken.' }],
  });
  assert.deepEqual(way(dead, '1.3.2', '2.1.0'), {
    kind: 'dead-end',
    at: '1.3.2',
    reason: 'Its updater is broken.',
  });
  assert.equal(way(dead, '1.3.5', '2.1.0').kind, 'steps');
  assert.equal(way(dead, '1.3.2', '1.2.0').kind, 'steps', 'back is a way out');
  const trap = graph({ ...waypoints('2.0.0'), deadEnds: [{ versions: '2.0.0', reason: 'Bad.' }] });
  assert.deepEqual(way(trap, '1.0.0', '2.1.0'), { kind: 'dead-end', at: '2.0.0', reason: 'Bad.' });
});

test('back is allowed, but not past a waypoint, unless the publisher says otherwise', () => {
  const of = graph(waypoints('2.0.0'));
  assert.equal(way(of, '2.4.0', '2.0.0').kind, 'steps');
  assert.equal(way(of, '1.4.0', '1.0.0').kind, 'steps');
  for (const from of ['2.4.0', '2.0.0']) assert.equal(way(of, from, '1.9.0').kind, 'refused');
  const said = graph({
    ...waypoints('2.0.0'),
    downgrades: [
      { from: '2.x', to: '>=1.9.0 <2.0.0', allowed: true },
      { from: '2.4.x', to: '<2.4.0', allowed: false },
    ],
  });
  assert.equal(way(said, '2.4.0', '1.9.3').kind, 'steps', 'the first that fits decides');
  assert.equal(way(said, '2.4.0', '1.8.0').kind, 'refused');
  assert.equal(way(said, '2.4.0', '2.3.0').kind, 'refused');
  assert.equal(way(said, '2.3.0', '2.2.0').kind, 'steps');
});

const version = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 2 }), fc.constantFrom('', '-rc.1'))
  .map(([major, minor, pre]) => v(`${major}.${minor}.0${pre}`));
const range = fc.tuple(fc.constantFrom('<', '>=', '='), version).map(([op, one]) => `${op}${one}`);
const anyWaypoints = (from: fc.Arbitrary<string | undefined>) =>
  fc
    .uniqueArray(version, { minLength: 1, maxLength: 6 })
    .chain((versions) =>
      fc.tuple(
        ...versions
          .toSorted(compareVersions)
          .map((one) =>
            from.map((said) => ({ version: one, ...(said === undefined ? {} : { from: said }) })),
          ),
      ),
    );
const anyGraph = fc.record(
  {
    transitions: fc.record(
      {
        waypoints: anyWaypoints(fc.option(range, { nil: undefined })),
        deadEnds: fc.array(fc.record({ versions: range, reason: fc.constant('x') }), {
          minLength: 1,
          maxLength: 1,
        }),
        downgrades: fc.array(fc.record({ from: range, to: range, allowed: fc.boolean() }), {
          minLength: 1,
          maxLength: 3,
        }),
      },
      { requiredKeys: ['waypoints'] },
    ),
    floor: version,
  },
  { requiredKeys: ['transitions'] },
);

test('each way is legal step by step, ends at its target, and nothing of it can be left out', () => {
  fc.assert(
    fc.property(anyGraph, version, version, (of, from, to) => {
      assert.equal(transitionsFault(of.transitions), undefined);
      assert.deepEqual(pathFrom(of, null, to), { kind: 'steps', steps: [to] });
      const path = pathFrom(of, from, to);
      if (path.kind !== 'steps') {
        assert.ok(!isLegalStep(of, from, to));
        return;
      }
      const nodes = [from, ...path.steps];
      assert.equal(nodes.at(-1), to);
      assert.equal(new Set(nodes).size, nodes.length, 'no cycle');
      for (const [index, node] of nodes.slice(1).entries())
        assert.ok(isLegalStep(of, nodes[index] ?? from, node));
      for (let index = 2; index < nodes.length; index += 1)
        assert.ok(!isLegalStep(of, nodes[index - 2] ?? from, nodes[index] ?? to), 'a step too many');
    }),
    { numRuns: 2_000 },
  );
});

test('no other way is shorter where waypoints concern all below them', () => {
  fc.assert(
    fc.property(anyWaypoints(fc.constant(undefined)), version, version, (said, from, to) => {
      const of = graph({ waypoints: said });
      const path = pathFrom(of, from, to);
      const nodes = [...new Set([...said.map((one) => one.version), to])];
      const distance = new Map([[from, 0]]);
      for (const at of distance.keys()) {
        for (const next of nodes) {
          const isUp = compareVersions(next, at) > 0 && compareVersions(next, to) <= 0;
          if (isUp && !distance.has(next) && isLegalStep(of, at, next))
            distance.set(next, (distance.get(at) ?? 0) + 1);
        }
      }
      if (compareVersions(to, from) > 0)
        assert.equal(path.kind === 'steps' && path.steps.length, distance.get(to));
    }),
  );
});

test('a host ten releases behind takes the components of each waypoint together', () => {
  const of = graph(waypoints('2.0.0', '3.0.0'));
  const offered = new Map([
    [v('2.0.0'), new Set(['api', 'web'])],
    [v('3.0.0'), new Set(['api'])],
  ]);
  const step = (installed: Record<string, string>, has = offered) =>
    nextStep({
      product: 'shop',
      graph: of,
      target: v('4.0.0'),
      installed: new Map(Object.entries(installed).map(([name, one]) => [name, v(one)])),
      offered: has,
    });
  assert.deepEqual(step({ api: '1.0.0', web: '1.0.0' }), { kind: 'waypoint', version: '2.0.0' });
  assert.deepEqual(step({ api: '2.0.0', web: '1.0.0' }), { kind: 'waypoint', version: '2.0.0' });
  assert.deepEqual(step({ api: '2.0.0', web: '2.0.0' }), { kind: 'waypoint', version: '3.0.0' });
  assert.deepEqual(step({ api: '3.0.0', web: '2.0.0' }), { kind: 'target' }, '3.0.0 holds nothing of web');
  assert.deepEqual(step({}), { kind: 'target' }, 'a fresh host');
  const held = step({ api: '1.0.0' }, new Map([[v('3.0.0'), new Set(['api'])]]));
  assert.equal(held.kind === 'held' && held.code, 'E_WAYPOINT');
  assert.match(held.kind === 'held' ? held.message : '', /shop 1\.0\.0 gets to 4\.0\.0 only through 2\.0\.0/);
});

test('what hosts have still to pass through, and nothing more', () => {
  const of = graph(waypoints('2.0.0', '3.0.0'));
  const ahead = (...hosts: string[][]) =>
    waypointsAhead(
      of,
      hosts.map((one) => one.map(v)),
      [v('4.0.0')],
    );
  assert.deepEqual(ahead(['1.0.0'], ['4.0.0']), ['2.0.0', '3.0.0']);
  assert.deepEqual(ahead(['2.5.0']), ['3.0.0']);
  assert.deepEqual(ahead(['4.0.0'], []), []);
});

test('a graph that is not well formed is refused in words', () => {
  for (const [said, expected] of [
    [waypoints('2.0.0', '1.0.0'), /ascending order/],
    [waypoints('2.0.0', '2.0.0'), /each version once/],
    [{ deadEnds: [{ versions: 'soon', reason: 'x' }] }, /no range of versions/],
  ] as const)
    assert.match(transitionsFault(said) ?? '', expected);
});
