import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeCertificate, judgeClock, judgeDisk, judgeReports, judgeWord } from './judge.ts';

const mib = 1024 * 1024;
const day = 86_400_000;

test('little room, in bytes or in files, is said', () => {
  assert.equal(judgeDisk(1024 * mib, 100_000).ok, true);
  assert.equal(judgeDisk(1024 * mib, null).ok, true);
  assert.match(judgeDisk(10 * mib, 100_000).says, /Only 10 MiB are free/);
  assert.match(judgeDisk(1024 * mib, 12).says, /only 12 files can be made/);
});

test('a clock before what was signed, or away from a parent, is wrong; a few minutes are not', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(judgeClock(now, now - day, now + 60_000).ok, true);
  assert.equal(judgeClock(now, null, null).ok, true);
  assert.match(judgeClock(now, now + 3650 * day, now).says, /at least 3650 days behind what has been signed/);
  assert.match(judgeClock(now, null, now - 3 * 3_600_000).says, /3 hours ahead of the parent/);
  assert.match(judgeClock(now, null, now + 10 * 60_000).says, /10 minutes behind the parent/);
});

test('a certificate counts between its two ends', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(
    judgeCertificate(now, now - day, now + 30 * day).says,
    'The certificate counts for 30 days more.',
  );
  assert.match(judgeCertificate(now, now + day, now + 2 * day).says, /the clock is before that/);
  assert.match(judgeCertificate(now, now - 9 * day, now - 3 * day).says, /ended 3 days ago/);
});

test('a parent that answers and is cut off itself, or full, is said; what it claims of itself is not all that is looked at', () => {
  const url = 'https://relay';
  assert.deepEqual(judgeWord(url, {}), [], 'an older parent says nothing');
  assert.deepEqual(judgeWord(url, { sinceRootMs: 9 * 60_000 }), []);
  const [cutOff] = judgeWord(url, { sinceRootMs: 3 * 3_600_000 });
  assert.match(
    cutOff?.says ?? '',
    /Cut off from the root server for 3 hours.*although https:\/\/relay answers/,
  );
  const [full, ...others] = judgeWord(url, { sinceRootMs: 0, fullForMs: 7_200_000 });
  assert.match(full?.says ?? '', /^The disk of https:\/\/relay is full for 2 hours, by its own word/);
  assert.match(full?.advice ?? '', /Free space on the relay/);
  assert.deepEqual(others, []);
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(judgeReports(now, null).ok, true);
  assert.equal(judgeReports(now, now - 60_000).ok, true);
  assert.match(
    judgeReports(now, now - 3 * 3_600_000).says,
    /has not signed for the newest report, made 3 hours/,
  );
});
