import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { compareDebVersions } from './versions.ts';

const versions = [
  '0',
  '00',
  '1',
  '1.0',
  '1.0-1',
  '1.0-1~',
  '1.0-1~deb12u1',
  '1.0-1+b1',
  '1.0~rc1',
  '1.0+',
  '1.0a',
  '1.0-',
  '1:0',
  '0:1.0',
  '2:1~',
  '1.10',
  '1.9',
  '1.0.~',
  '1.0-1-2',
  '1a1',
  '1.a',
  '99999999999999999999',
  '1.0~~',
  '1.0~',
];

test('versions are ordered as dpkg orders them', { skip: !existsSync('/usr/bin/dpkg') && 'no dpkg' }, () => {
  for (const a of versions) {
    for (const b of versions) {
      const ours = compareDebVersions(a, b);
      const relation = ours === 0 ? 'eq' : ours < 0 ? 'lt' : 'gt';
      const { status, stderr } = spawnSync('dpkg', ['--compare-versions', a, relation, b]);
      // What dpkg calls a bad version it still compares, in its own way.
      if (stderr.length > 0) continue;
      assert.equal(status, 0, `${a} ${relation} ${b}`);
    }
  }
});
