import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemRandomness } from '@xylem/platform';
import { fullDisk, tempFolder } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('a full disk is said, breaks nothing, and is over when there is room again', async (t) => {
  const disk = await fullDisk(t, 48 * 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  const root = await rootFixture(t, { folder: join(disk.folder, 'state') });
  const shop = await publisher(t, root, 'shop');
  await root.api('environmentCreate', { body: { name: 'production' } });
  const join1 = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, join1.token, { name: 'a' });
  await disk.fill(0);

  const isFull = { code: 'E_DISK_FULL' };
  const label = (value: string) =>
    root.api('hostLabel', { body: { select: { hosts: ['a'] }, set: { note: value } } });
  await assert.rejects(
    (async () => {
      // The log of the database may have some room left in its last pages.
      for (let count = 0; count < 200; count += 1) await label(`${count}`.repeat(200).slice(0, 200));
    })(),
    isFull,
  );
  await assert.rejects(shop.publish('shop-web', '1.0.0', { 'index.html': 'x'.repeat(300_000) }), {
    message: /E_DISK_FULL/,
  });
  assert.equal(await host.report(), 503, 'kept by the host, and sent again');
  assert.equal((await root.api('hostList')).total, 1, 'what is read is read');

  await disk.free();
  await label('after');
  assert.equal((await root.api('hostShow', { params: { host: 'a' } })).labels['note'], 'after');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'x'.repeat(300_000) });
  assert.equal(await host.report(), 202);
});

test('a backup that finds no room leaves nothing behind', async (t) => {
  const disk = await fullDisk(t, 16 * 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const noise = systemRandomness.bytes(3 * 2 ** 20).toString('base64');
  await shop.publish('shop-web', '1.0.0', { 'index.html': noise });
  for (const left of [0, 2 * 2 ** 20]) {
    await disk.fill(left);
    const out = join(disk.folder, 'out');
    await assert.rejects(root.api('backupCreate', { body: { out } }), { code: 'E_DISK_FULL' });
    assert.equal(existsSync(out), false, `${left} bytes left`);
    await disk.free();
  }
  const out = join(await tempFolder(t, 'backup'), 'out');
  await root.api('backupCreate', { body: { out } });
});
