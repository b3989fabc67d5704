import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { groupsFleet, params } from '../testing/groups-fleet.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';

for (const keep of ['hosts', 'backup'] as const)
  test(`a restored root server says that traffic was switched since, and asks; kept: ${keep}`, async (t) => {
    const { root, balancers, follow } = await groupsFleet(t);
    const out = join(await tempFolder(t, 'backup'), 'out');
    await root.api('backupCreate', { body: { out } });
    await root.api('trafficSwitch', {
      params: { ...params, product: 'shop' },
      body: { to: 'green', number: 0, reason: 'Green is well.' },
    });
    await follow(...balancers);
    const again = await restoredFixture(t, root, out);
    const [one = assert.fail(), two = assert.fail()] = balancers;
    for (const host of [one, two]) {
      host.moveTo(again);
      await host.report();
    }
    const { lost } = await again.api('restored');
    const [said = ''] = lost.filter((sentence) => sentence.startsWith('Traffic of shop'));
    assert.match(
      said,
      /acme\/production: 2 of 2 balancers .* send it to green \(lb-1, lb-2\), and the backup says blue/,
    );
    assert.match(said, /--keep hosts. leaves it there, and --keep backup sends it to blue/);
    assert.ok(!lost.some((sentence) => /YAML of .* was changed/.test(sentence)));

    await again.api('restoreConfirm', { body: { keep } });
    const [shop] = (await again.api('trafficShow', { params })).traffic;
    const wanted = keep === 'hosts' ? ['green', 1, 'restore'] : ['blue', 0, undefined];
    assert.deepEqual([shop?.serving, shop?.number, shop?.switched?.by], wanted);
    const { entries } = await again.api('auditList', { query: { limit: '1000' } });
    const { entry } = entries.find((line) => line.entry.what === 'root.restore.confirm') ?? {};
    assert.deepEqual((entry?.after as { traffic?: string[] } | undefined)?.traffic, [said]);
  });
