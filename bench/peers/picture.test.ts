import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCosts } from './method.ts';
import { pictureOf } from './picture.ts';

const row = (method: string, wireBytes: number | null, artefactBytes: number | null = null) => ({
  pair: 'a<b',
  method,
  ...noCosts,
  wireBytes,
  artefactBytes,
});

test('bars stand by what travels, the fewest bytes first, and on a logarithmic scale', () => {
  const picture = pictureOf([
    row('casync', 1_000_000, 900_000),
    row('xylem patch', 10_000, 9_000),
    row('bsdiff', null, 100_000),
    row('xylem publish', null, 5),
    { ...row('rsync', null), absent: 'no apt-get' },
  ]);
  const bars = [...picture.matchAll(/<rect class="(\w+)".* width="([\d.]+)"/g)].map(([, kind, width]) => [
    kind,
    Number(width),
  ]);
  assert.deepEqual(bars, [
    ['xylem', 235],
    ['peer', 352.5],
    ['peer', 470],
  ]);
  assert.match(picture, /10\.0 kB[\s\S]*100 kB[\s\S]*1\.00 MB/);
  assert.ok(picture.includes('a&lt;b') && !picture.includes('publish') && !picture.includes('rsync'));
});
