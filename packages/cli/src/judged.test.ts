import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  badRequestsOf,
  balancedLab,
  installDebian,
  program,
  removeLater,
  startRoot,
  tempFolder,
  xylemEntry,
} from '@xylem/testkit';

const missing = await installDebian('haproxy', 'prometheus');

test('a release that answers 5 % of requests with an error is stopped and taken back by itself, rolling, behind a real HAProxy, by a real Prometheus', {
  skip: missing?.skip ?? false,
  timeout: 600_000,
}, async (t) => {
  const folder = await tempFolder(t, 'judged');
  const xylem = program({ entry: xylemEntry, home: join(folder, 'home'), logs: join(folder, 'logs') });
  removeLater(t, () => xylem.stop());
  const api = await startRoot(xylem, join(folder, 'root'), 'acme');
  const lab = await balancedLab(t, xylem, api, folder, { hosts: 4, perSecond: 200, badPercent: 5 });
  assert.ok(!('skip' in lab), 'skip' in lab ? lab.skip : '');
  lab.load.mark('bad');
  const fell = await lab.fall(['--strategy', 'rolling', '--max-unavailable', '3', '--bake', '24']);
  assert.match(fell.reason, /3 hosts exposed\. errors: worse than it may be/);
  assert.equal(fell.exposedHosts, 3, 'one batch, and no more');
  const { bad = assert.fail() } = await lab.load.end();
  const { bad: errors } = badRequestsOf(bad);
  assert.ok(errors > 0 && errors < bad.sent * 0.05, `${errors} of ${bad.sent}`);
  const { same } = (await xylem.command(['deployment', 'replay', fell.id])) as { readonly same: boolean };
  assert.ok(same, 'from what was recorded, without a Prometheus');
});
