import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiskHost, diskSeen } from './disk.ts';
import { digest } from './fleet.test-data.ts';

const MiB = 1024 * 1024;
const document = { variants: [{ tree: digest('tree'), sizeBytes: 100 * MiB }] };
const host = (name: string, free: number | null, has: string | null): DiskHost => ({
  name,
  free,
  platform: null,
  reported: has === null ? [] : [{ component: 'api', package: digest(has) }],
  given: new Map([['api', { package: digest('new'), document }]]),
});

test('a host lacks room where it would not reserve what it needs; what is not known is said and counts for nothing', () => {
  const seen = diskSeen(
    [
      host('first', 109 * MiB, null),
      host('first-with-room', 110 * MiB, null),
      host('update', 7 * MiB, 'old'),
      host('update-with-room', 8 * MiB, 'old'),
      host('has it', 0, 'new'),
      host('unknown', null, 'old'),
    ],
    '20%',
  );
  assert.deepEqual(
    { ...seen, short: seen.short.map(({ name }) => name) },
    { coming: 5, short: ['first', 'update'], unknown: 1, allowed: 1 },
  );
});

test('nothing comes to who is given nothing, or has no fitting variant', () => {
  const none = { ...host('other', 0, null), given: new Map() };
  const fits = { variants: [{ tree: digest('tree'), sizeBytes: MiB, arch: 'arm64' }] };
  const unfit = {
    ...host('intel', 0, null),
    platform: { os: 'linux', arch: 'x64' },
    given: new Map([['api', { package: digest('new'), document: fits }]]),
  };
  assert.equal(diskSeen([none, unfit], 1).coming, 0);
});
