import assert from 'node:assert/strict';
import { appendFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { restoreRoot } from './restore.ts';

const dayMs = 24 * 3600_000;

/** A fleet of two with one release running, backed up, and a day and some deployments further. */
async function aged(t: Parameters<typeof rootFixture>[0], deployments: number) {
  // It ends now: TLS keeps to the machine's own clock.
  const clock = shiftedClock(-dayMs);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: 3 } });
  const hosts = [await fakeHost(root, token, { name: 'a' }), await fakeHost(root, token, { name: 'b' })];
  const tuf = await tempFolder(t, 'tuf');
  const stateOf = (host: (typeof hosts)[number]) => host.desiredState(join(tuf, host.id));
  const deploy = async (version: string) => {
    const { deployments } = await root.api('deploymentCreate', {
      body: {
        kind: 'deploy',
        product: 'shop',
        version,
        environments: ['production'],
        strategy: { kind: 'all-at-once' },
      },
    });
    for (const host of hosts) {
      const state = await stateOf(host);
      assert.equal(await host.report(state.assignments.slice(0, 1)), 202);
    }
    const id = deployments[0]?.id ?? '';
    await waitUntil(async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded');
  };
  await deploy('1.0.0');
  const out = join(await tempFolder(t, 'backup'), 'out');
  const made = await root.api('backupCreate', { body: { out } });
  assert.ok(made.files > 5);
  for (let count = 0; count < deployments; count += 1) {
    clock.pass(dayMs / deployments);
    await deploy(count % 2 === 0 ? '2.0.0' : '1.0.0');
  }
  await deploy('2.0.0');
  return { root, hosts, out, token, stateOf, deploy, tuf };
}

for (const [keep, count] of [
  ['hosts', 20],
  ['backup', 2],
] as const) {
  test(`after a restore nothing happens until it is confirmed (keep: ${keep}), and no host refuses, a day and ${count} deployments later`, async (t) => {
    const { root, hosts, out, token, stateOf } = await aged(t, count);
    const before = await stateOf(hosts[0] ?? assert.fail());
    const again = await restoredFixture(t, root, out);
    for (const host of hosts) {
      host.moveTo(again);
      const sequence = host.sequence();
      assert.equal(await host.report(), 202, 'reports are taken');
      const { body } = await host.get(`/watermarks/${host.id}`);
      assert.equal(watermarkIn(body).sequence, sequence + 1, 'numbers go on where the host is');
      await assert.rejects(stateOf(host), 'and no old direction is shown');
    }
    const difference = await again.api('restored');
    assert.equal(difference.restored, true);
    const takenMs = Date.parse(difference.backupTaken ?? '');
    assert.ok(again.clock.now() - takenMs >= dayMs - 1000, `the backup is of ${difference.backupTaken}`);
    assert.equal(difference.hostsHeard, 2);
    assert.deepEqual(difference.environments[0]?.differences, [
      {
        product: 'shop',
        component: 'shop-web',
        backupVersion: '1.0.0',
        runningVersions: [{ version: '2.0.0', hosts: 2 }],
      },
    ]);
    await assert.rejects(
      again.api('deploymentCreate', {
        body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['production'] },
      }),
      { code: 'E_CONFIRM_RESTORE' },
    );
    assert.ok(difference.lost.some((sentence) => sentence.startsWith('Join tokens')));
    await assert.rejects(fakeHost(again, token, { name: 'late' }), { code: 'E_JOIN_TOKEN' });
    await again.api('restoreConfirm', { body: { keep } });
    for (const host of hosts) {
      // The same TUF client with the state it had: it must take this, or the host would refuse the root server.
      const state = await stateOf(host);
      assert.equal(state.assignments[0]?.version, keep === 'hosts' ? '2.0.0' : '1.0.0');
      assert.ok(state.number > before.number);
    }
    assert.equal((await again.api('restored')).restored, false);
  });
}

function watermarkIn(body: Buffer): { sequence: number } {
  const { payload } = JSON.parse(body.toString()) as { payload: string };
  return JSON.parse(Buffer.from(payload, 'base64').toString()) as { sequence: number };
}

test('refuses a damaged backup and a folder that holds something, and leaves nothing behind', async (t) => {
  const root = await rootFixture(t);
  const base = await tempFolder(t, 'backup');
  const out = join(base, 'out');
  await root.api('backupCreate', { body: { out } });
  await assert.rejects(root.api('backupCreate', { body: { out } }), { code: 'E_CONFLICT' });
  await assert.rejects(restoreRoot({ backup: out, stateFolder: root.folder, clock: systemClock }), {
    code: 'E_CONFLICT',
  });
  assert.equal((await stat(join(out, 'keys', 'collector.pem'))).mode & 0o077, 0);
  await appendFile(join(out, 'root.json'), ' ');
  const to = join(base, 'to');
  await assert.rejects(restoreRoot({ backup: out, stateFolder: to, clock: systemClock }), {
    code: 'E_OBJECT_DIGEST',
  });
  assert.deepEqual(await readdir(base), ['out']);
});
