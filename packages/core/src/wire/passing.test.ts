import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hold, isPassed, isPassing, overridesOf, type Passing, urgencyOf } from './passing.ts';

const holds: readonly Hold[] = [
  { kind: 'windows' },
  { kind: 'quotas' },
  { kind: 'freezes', name: 'christmas' },
  { kind: 'freezes', name: 'launch' },
  { kind: 'locks', name: 'web' },
  { kind: 'locks', name: 'backup' },
];
const textOf = ({ kind, name }: Hold): string => (name === undefined ? kind : `${kind}:${name}`);
const words: readonly Passing[] = [
  'windows',
  'quotas',
  'freezes',
  'freezes:christmas',
  'locks',
  'locks:backup',
];
const lenient = { urgentPassesFreezes: true };

/** What hosts pass by what is signed. */
const passed = (passes: readonly Passing[] | undefined, policy: { urgentPassesFreezes?: boolean } = {}) =>
  holds.filter((hold) => isPassed(urgencyOf(passes, policy), hold, policy)).map(textOf);

test('what is urgent passes what it names, and windows and quotas where it names neither', () => {
  const both = ['windows', 'quotas'];
  const freezes = ['freezes:christmas', 'freezes:launch'];
  assert.deepEqual(passed(undefined), both);
  assert.deepEqual(passed(undefined, lenient), [...both, ...freezes]);
  assert.deepEqual(passed(['freezes']), [...both, ...freezes]);
  assert.deepEqual(passed(['freezes:christmas']), [...both, 'freezes:christmas']);
  assert.deepEqual(passed(['freezes:christmas'], lenient), [...both, 'freezes:christmas']);
  assert.deepEqual(passed(['locks:backup']), [...both, 'locks:backup']);
  assert.deepEqual(passed(['locks:backup'], lenient), [...both, ...freezes, 'locks:backup']);
  assert.deepEqual(passed(['locks', 'freezes:launch']), [
    ...both,
    'freezes:launch',
    'locks:web',
    'locks:backup',
  ]);
  assert.deepEqual(passed(['quotas']), ['quotas']);
  assert.deepEqual(passed(['windows', 'freezes:launch']), ['windows', 'freezes:launch']);
  assert.deepEqual(
    holds.filter((hold) => isPassed({ passes: ['freezes', 'locks'] }, hold, lenient)),
    [],
    'what is not urgent passes nothing',
  );
  const unknown = { overrides: ['reboots', 'freezes:other', 'locks'] };
  assert.deepEqual(holds.filter((hold) => isPassed(unknown, hold, lenient)).map(textOf), [
    'locks:web',
    'locks:backup',
  ]);
});

test('words of before are signed as they were, and no agent of before passes more than what is named', () => {
  assert.deepEqual(urgencyOf(undefined, lenient), { urgent: true });
  assert.deepEqual(urgencyOf(['locks', 'freezes'], {}), { urgent: true, passes: ['locks', 'freezes'] });
  assert.deepEqual(urgencyOf(['freezes:christmas', 'locks'], {}), {
    urgent: true,
    passes: ['locks'],
    overrides: ['freezes:christmas', 'locks', 'quotas', 'windows'],
  });
  for (let chosen = 1; chosen < 1 << words.length; chosen += 1) {
    const passes = words.filter((_, bit) => (chosen & (1 << bit)) !== 0);
    for (const policy of [{}, lenient]) {
      const { overrides: _unknown, ...older } = urgencyOf(passes, policy);
      const newer = passed(passes, policy);
      const beyond = holds.filter((hold) => isPassed(older, hold, policy) && !newer.includes(textOf(hold)));
      assert.deepEqual(beyond, [], `${passes.join()} ${JSON.stringify(policy)}`);
    }
  }
});

test('people name what holds by itself: no window, no quota', () => {
  for (const word of [...words, 'freezes:a-1']) assert.ok(isPassing(word), word);
  for (const word of ['windows:nights', 'quotas:web', 'locks:', 'locks:Web', 'freeze:a', 'freezes:a:b', ''])
    assert.ok(!isPassing(word), word);
  assert.deepEqual(overridesOf(['locks:web', 'locks:web']), ['locks:web', 'quotas', 'windows']);
});
