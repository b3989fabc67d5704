import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../hashing.ts';
import type { Digest } from '../ids.ts';
import { jcs } from '../jcs.ts';
import type { AfterEvidence } from './after-look.ts';
import { START } from './fleet.test-data.ts';
import { evidenceAt, example, recordedOf, reporting, result } from './watch.test-data.ts';
import { noWatchRecorded, type RecordedWatch, replayedWatch, watchStandsAfter } from './watch-record.ts';

const beginning = 'd'.repeat(64) as Digest;
/** Kept for ever: what a version said and recorded, in its own words. */
const golden = readFileSync(new URL('../../fixtures/evidence/watch-1.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n');

/** As `xylem deployment replay` does it. @returns where it differs, or what is left */
function replay(lines: readonly string[], before: Digest | null = beginning): RecordedWatch | string {
  let recorded = noWatchRecorded(before);
  for (const line of lines) {
    const again = unlessDamaged(recorded, line);
    if (typeof again === 'string') return again;
    recorded = again;
  }
  return recorded;
}

function unlessDamaged(recorded: RecordedWatch, line: string): RecordedWatch | string {
  try {
    const again = replayedWatch(recorded, line);
    return typeof again === 'string' ? again : again.after;
  } catch (error) {
    return `damaged: ${String(error)}`;
  }
}

test('what was kept is looked at again, and is written the same by this version but for its sentence', () => {
  const left = replay(golden);
  assert.ok(typeof left !== 'string', JSON.stringify(left));
  assert.deepEqual([left.number, left.state], [4, 'failed']);
  const unworded = (line = '') => line.replace(/("kind":"failed"),"reason":"[^"]*"/, '$1');
  assert.deepEqual(example.lines.map(unworded), golden.map(unworded));
});

test('a word that was changed is found: in what was said by looking again, elsewhere by the digests', () => {
  let recorded = noWatchRecorded(beginning);
  let flips = 0;
  for (const [index, line] of golden.entries()) {
    for (const { path, changed } of flipped(JSON.parse(line))) {
      flips += 1;
      const at = `record ${index + 1}, ${path}`;
      const again = unlessDamaged(recorded, jcs(changed));
      if (path.startsWith('said.') && path !== 'said.look.reason')
        assert.match(JSON.stringify(again), /decided again it is|damaged/, at);
      else if (typeof again !== 'string') {
        assert.notEqual(again.digest, sha256(line), at);
        // Whoever writes all digests anew, too, comes to another last one, which the audit log has.
        assert.notEqual(chained(golden.with(index, jcs(changed))).at(-1), golden.at(-1), at);
      }
    }
    recorded = unlessDamaged(recorded, line) as RecordedWatch;
  }
  assert.ok(flips > 500, `${flips}`);
});

test('a record that is missing, comes twice or after the end is found, and so is one that is missing at the end', () => {
  const [first = '', second = '', third = '', fourth = ''] = golden;
  for (const lines of [
    [second, third, fourth],
    [first, third, fourth],
    [first, first, second],
    [...golden, fourth],
  ])
    assert.match(JSON.stringify(replay(lines)), /^"Record \d of the watch (does not follow|comes after)/);
  const longer = jcs({ ...(JSON.parse(fourth) as object), before: sha256(fourth), number: 5 });
  assert.match(
    JSON.stringify(replay([...golden, longer])),
    /^"Record 5 of the watch comes after the watch had ended\./,
  );
  assert.match(JSON.stringify(replay(golden, null)), /does not follow/);
  const bare = jcs({ ...(JSON.parse(first) as object), deployment: undefined });
  assert.match(JSON.stringify(replay([bare])), /does not say what was watched/);

  const document = JSON.stringify(example.watch);
  const stands = (lines: readonly string[], state: string): boolean => {
    const left = replay(lines);
    assert.ok(typeof left !== 'string', JSON.stringify(left));
    return watchStandsAfter(left, { state, document });
  };
  assert.ok(stands(golden, 'failed'));
  assert.ok(!stands(golden, 'passed'));
  assert.ok(!stands([first, second, third], 'failed'));
  assert.ok(stands([first, second, third], 'watching'));
  assert.ok(!stands([first, second], 'watching'));
});

const kinds = ['well', 'unwell', 'probe fails', 'unreached', 'leaves', 'root probe', 'quiet'] as const;
interface Happened {
  readonly host: number;
  readonly seconds: number;
  readonly kind: (typeof kinds)[number];
}

test('any history is looked at again to the same, whatever the order in which hosts were read', () => {
  for (const [end, happened, supersededAt] of written) {
    const { recorded } = lookedAgain(happened, supersededAt, 7);
    assert.equal(recorded.state, end);
  }
  const happened = fc.record({
    host: fc.nat(5),
    seconds: fc.integer({ min: -20, max: 400 }),
    kind: fc.constantFrom(...kinds),
  });
  fc.assert(
    fc.property(fc.array(happened, { maxLength: 25 }), fc.option(fc.nat(24)), fc.nat(), (...history) => {
      lookedAgain(...history);
    }),
  );
});

const quiet = (count: number, seconds: number): Happened[] =>
  Array.from({ length: count }, () => ({ host: 0, seconds, kind: 'quiet' }));
/** Histories that come to each end. */
const written: readonly (readonly [string, readonly Happened[], number | null])[] = [
  [
    'watching',
    [
      { host: 0, seconds: 30, kind: 'unwell' },
      { host: 1, seconds: 30, kind: 'unwell' },
    ],
    null,
  ],
  [
    'failed',
    [...[0, 1].map((n) => ({ host: n, seconds: 30, kind: 'unwell' as const })), ...quiet(1, 60)],
    null,
  ],
  [
    'failed',
    [
      { host: 0, seconds: 30, kind: 'root probe' },
      { host: 0, seconds: 90, kind: 'root probe' },
    ],
    null,
  ],
  ['superseded', quiet(2, 30), 1],
  [
    'passed',
    [...quiet(3, 200), ...[0, 1, 2, 3, 4, 5].map((n) => ({ host: n, seconds: 100, kind: 'well' as const }))],
    null,
  ],
  ['inconclusive', quiet(4, 400), null],
];

/** Records a history as a root server does, and replays it. */
function lookedAgain(happened: readonly Happened[], supersededAt: number | null, salt: number) {
  const looks = historyOf(happened, supersededAt);
  const made = recordedOf(looks, beginning);
  const left = replay(made.lines);
  assert.ok(typeof left !== 'string', JSON.stringify(left));
  assert.equal(left.digest, made.recorded.digest);
  const present = { state: made.recorded.state, document: JSON.stringify(made.watch) };
  assert.ok(watchStandsAfter(left, present));
  const shuffled = looks.map(({ at, evidence }) => ({ at, evidence: inOrderOf(salt, evidence) }));
  assert.deepEqual(recordedOf(shuffled, beginning).lines, made.lines);
  // It grows with what is decided, not with how often it is looked at.
  const twice = looks.flatMap((one) => [one, one]);
  assert.deepEqual(recordedOf(twice, beginning).lines, made.lines);
  return made;
}

const inOrderOf = (salt: number, evidence: AfterEvidence): AfterEvidence => ({
  ...evidence,
  hosts: evidence.hosts
    .map((one) => ({ one, by: sha256(`${salt}/${one.id}`) }))
    .sort((a, b) => (a.by < b.by ? -1 : 1))
    .map(({ one }) => one),
});

function historyOf(happened: readonly Happened[], supersededAt: number | null) {
  const hosts = new Map([0, 1, 2, 3, 4, 5].map((n) => [n, reporting(n, START)]));
  let at = START;
  let home = result('pass', START, 'home');
  return happened.map(({ host: n, seconds, kind }, index) => {
    at += seconds * 1000;
    if (kind === 'leaves') hosts.delete(n);
    else if (kind === 'root probe')
      home = home.state === 'fail' ? { ...home, at } : { ...result('fail', at, 'home'), since: at };
    else if (kind !== 'quiet') {
      const asked = kind === 'probe fails' ? 'fail' : kind === 'unreached' ? 'unreached' : 'pass';
      hosts.set(n, reporting(n, at, kind !== 'unwell', asked));
      if (home.state === 'pass') home = { ...home, at };
    }
    const more = { probes: [home], ...(supersededAt === index ? { newer: 'd-000000000002' } : {}) };
    return { at, evidence: evidenceAt(at, [...hosts.values()], more) };
  });
}

/** The same with new digests, as who may write all of the database could have them. */
function chained(lines: readonly string[]): string[] {
  let before: string = beginning;
  return lines.map((line) => {
    const text = jcs({ ...(JSON.parse(line) as object), before });
    before = sha256(text);
    return text;
  });
}

/** A document with each of its values changed, or left out. */
function* flipped(
  value: unknown,
  path = '',
): Generator<{ readonly path: string; readonly changed: unknown }> {
  if (typeof value !== 'object' || value === null) {
    const changed =
      typeof value === 'string'
        ? `${value}0`
        : typeof value === 'number'
          ? value + 1
          : typeof value === 'boolean'
            ? !value
            : 0;
    yield { path, changed };
    return;
  }
  for (const [key, one] of Object.entries(value)) {
    const here = path === '' ? key : `${path}.${key}`;
    const put = (to: unknown): unknown =>
      Array.isArray(value) ? value.with(Number(key), to) : { ...value, [key]: to };
    for (const inner of flipped(one, here)) yield { path: inner.path, changed: put(inner.changed) };
    const without = Array.isArray(value)
      ? value.filter((_, at) => at !== Number(key))
      : { ...value, [key]: undefined };
    yield { path: here, changed: without };
  }
}
