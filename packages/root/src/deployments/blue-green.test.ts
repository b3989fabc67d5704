import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { nothingRecorded, replayed } from '@xylem/core';
import { cleanup, waitUntil } from '@xylem/testkit';
import { bakesBegun } from '../testing/bakes-begun.ts';
import { testDatabases } from '../testing/databases.ts';
import { type Groups, goesBack, groupsFleet, params } from '../testing/groups-fleet.ts';

const own = cleanup();
after(() => own.run());

/** The group without traffic, traffic, the other group. */
async function goesBackInPhases(all: Groups, id: string): Promise<void> {
  const { balancers, hosts, has, serving, comes } = all;
  await comes(id, 'switching', ...hosts);
  assert.deepEqual([has('blue'), has('green')], [Array(2).fill('1.0.0'), Array(2).fill('2.0.0')]);
  assert.deepEqual(await serving(), ['blue', 2]);
  await comes(id, 'second', ...balancers);
  await comes(id, 'succeeded', ...hosts);
  assert.deepEqual([has('green'), await serving()], [Array(2).fill('1.0.0'), ['blue', 2]]);
  await replays(all, id);
}

async function replays({ root }: Groups, id: string): Promise<void> {
  const { records, decided } = await root.api('deploymentEvidence', { params: { id }, query: {} });
  assert.equal(decided, records.length);
  let recorded = nothingRecorded;
  for (const { document } of records) {
    const result = replayed(recorded, document);
    if (typeof result === 'string') assert.fail(result);
    recorded = result.after;
  }
  assert.ok(records.some(({ document }) => document.includes('"traffic":{"applied":2')));
}

for (const { kind, skip, options } of await testDatabases(own))
  test(`one group, traffic, the other group; through new starts of the root server, and by records decided again: ${kind}`, {
    skip,
  }, async (t) => {
    const all = await groupsFleet(t, options);
    const { root, clock, balancers, hosts, create, show, follow, has, serving, comes, turned } = all;
    await root.api('hostLabel', { body: { select: { hosts: ['green-2'] }, set: { color: 'red' } } });
    const strategy = { kind: 'blue-green' };
    await assert.rejects(create('shop', 'deploy', { version: '2.0.0', strategy }), {
      code: 'E_INPUT',
      message: /neither blue nor green of: green-2/,
    });
    await root.api('hostLabel', { body: { select: { hosts: ['green-2'] }, set: { color: 'green' } } });
    const id = await turned();
    await root.restart();
    await follow(balancers[0] ?? assert.fail());
    assert.equal((await show(id)).groups?.phase, 'switching');
    assert.match((await show(id)).reason ?? '', /1 of 2 balancers have not reported .* green: lb-2/);
    await assert.rejects(
      root.api('trafficSwitch', {
        params: { ...params, product: 'shop' },
        body: { to: 'blue', number: 1, reason: 'by hand' },
      }),
      { code: 'E_TRAFFIC_HELD' },
    );
    await comes(id, 'watching', ...balancers);
    clock.pass(60_000);
    await comes(id, 'kept', ...hosts);
    await root.restart();
    clock.pass(1800_000);
    assert.deepEqual(has('blue'), ['1.0.0', '1.0.0']);
    await comes(id, 'second', ...balancers, ...hosts);
    await waitUntil(async () => {
      await follow(...hosts);
      return (await show(id)).progress.baking === 2;
    }, 60_000);
    await bakesBegun(root, id, hosts);
    clock.pass(60_000);
    await comes(id, 'succeeded', ...hosts);
    assert.deepEqual(
      [has('blue'), await serving()],
      [
        ['2.0.0', '2.0.0'],
        ['green', 1],
      ],
    );
    await replays(all, id);
    await goesBackInPhases(all, await create('shop', 'rollback'));
  });

test('a failure with traffic gives it back, also where the root server dies before it can say so, and hosts go back after it', async (t) => {
  const all = await groupsFleet(t);
  const { root, balancers, web, show, serving, comes, turned, fail } = all;
  /** What is decided meanwhile is committed and comes no further, until the root server starts anew. */
  const diesAfter = async (decide: () => Promise<void>): Promise<void> => {
    const database = new DatabaseSync(join(root.folder, 'root.db'));
    try {
      for (const act of ['insert', 'update'])
        database.exec(
          `create trigger held_${act} before ${act} on directions begin select raise(abort, 'held'); end`,
        );
      await decide();
      await root.running().close();
      for (const act of ['insert', 'update']) database.exec(`drop trigger held_${act}`);
    } finally {
      database.close();
    }
    await root.restart();
  };
  const id = await turned(diesAfter);
  assert.deepEqual(await serving(), ['green', 1], 'once');
  await comes(id, 'watching', ...balancers);
  await diesAfter(async () => {
    await fail(web['green']?.[0] ?? assert.fail());
    await waitUntil(async () => (await show(id)).state === 'failed', 60_000);
  });
  await goesBack(all);
  await replays(all, id);
});

for (const way of ['rollback', 'abort'] as const)
  test(`${way} while the old group is kept gives traffic back, and hosts go back after it`, async (t) => {
    const all = await groupsFleet(t);
    const { root, clock, balancers, hosts, create, show, comes, turned } = all;
    const id = await turned();
    await comes(id, 'watching', ...balancers);
    clock.pass(60_000);
    await comes(id, 'kept', ...hosts);
    if (way === 'rollback') await create('shop', 'rollback');
    else await root.api('deploymentAbort', { params: { id } });
    assert.equal((await show(id)).state, way === 'rollback' ? 'superseded' : 'aborted');
    await goesBack(all);
  });
