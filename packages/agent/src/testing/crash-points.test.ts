import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ComponentKind, journalPoints, stepsOfKind } from '../converge/points.ts';
import { isEssential, missedPoints, pointsOf, shortOf } from './crash-points.ts';

const kinds = Object.keys(stepsOfKind) as ComponentKind[];

test('a short sweep kills at each step of each kind, and at each point of each step in some kind', () => {
  const short = journalPoints.filter(isEssential);
  const stepOf = (point: string): string => point.split('/').slice(0, 2).join('/');
  const placeOf = (point: string): string => point.split('/').slice(1).join('/');
  assert.deepEqual(new Set(short.map(stepOf)), new Set(journalPoints.map(stepOf)));
  assert.deepEqual(new Set(short.map(placeOf)), new Set(journalPoints.map(placeOf)));
  assert.ok(short.length < journalPoints.length * 0.7);
});

test('a road takes the points that are left, and one where none is', () => {
  const road = { kind: 'command', steps: ['apply', 'revert'], failing: ['apply'] } as const;
  assert.deepEqual(pointsOf(road), [
    'command/apply/written',
    'command/revert/written',
    'command/revert/acted',
  ]);
  assert.deepEqual(shortOf(road, new Set()), ['command/revert/acted']);
  assert.deepEqual(shortOf(road, new Set(['command/revert/acted'])), ['command/revert/acted']);
  assert.deepEqual(shortOf({ kind: 'files', steps: ['switch'] }, new Set(['files/switch/written'])), [
    'files/switch/acted',
  ]);
});

test('a point that no road has is missed, and in a short sweep an essential one that was not reached', () => {
  for (const kind of kinds) {
    const all = journalPoints.filter((point) => point.startsWith(`${kind}/`));
    const short = new Set<string>(all.filter(isEssential));
    const listed = new Set<string>(all);
    assert.deepEqual(missedPoints(kind, { reached: short, listed }, 'short'), []);
    assert.deepEqual(
      missedPoints(kind, { reached: short, listed }, 'all'),
      all.filter((point) => !isEssential(point)),
    );
    assert.deepEqual(
      missedPoints(kind, { reached: short, listed: new Set() }, 'short').length,
      all.length - short.size,
    );
    assert.deepEqual(missedPoints(kind, { reached: new Set(), listed }, 'short'), [...short]);
  }
});
