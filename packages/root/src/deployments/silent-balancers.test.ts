import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanup, waitUntil } from '@xylem/testkit';
import { testDatabases } from '../testing/databases.ts';
import { groupsFleet, params } from '../testing/groups-fleet.ts';

const own = cleanup();
after(() => own.run());

for (const { kind, skip, options } of await testDatabases(own))
  test(`a silent balancer is waited for, named, and left out by a person's word, on the way back too: ${kind}`, {
    skip,
  }, async (t) => {
    const { root, clock, balancers, hosts, create, show, follow, has, serving, comes, turned, rollback } =
      await groupsFleet(t, options);
    const [one, two] = balancers;
    assert.ok(one !== undefined && two !== undefined);
    for (let hour = 0; hour < 4; hour += 1) {
      clock.pass(3600_000);
      await follow(one, ...hosts);
    }
    const id = await turned();
    await waitUntil(async () => {
      await follow(one);
      return (await show(id)).groups?.traffic?.applied === 1;
    }, 60_000);
    clock.pass(300_000);
    await comes(id, 'paused', ...hosts);
    const silent = /^lb-2 \(silent since \d{4}-.*Z\)$/;
    const { groups, reason } = await show(id);
    assert.match(groups?.traffic?.behind.join() ?? '', silent);
    assert.match(reason ?? '', /1 of 2 balancers .*lb-2 \(silent since .*xylem deployment skip/);
    const [product] = (await root.api('trafficShow', { params })).traffic;
    const [behind] = product?.behind ?? [];
    assert.deepEqual([product?.done, behind?.name, behind?.silent], [false, 'lb-2', true]);
    assert.ok(Date.parse(behind?.heard ?? '') < clock.now() - 4 * 3600_000);

    const say = async (act: 'deploymentSkipHost' | 'deploymentUnskipHost', of: string) =>
      await root.api(act, { params: { id: of }, body: { host: 'lb-2', reason: `It is replaced: ${act}.` } });
    await say('deploymentSkipHost', id);
    await root.api('deploymentResume', { params: { id } });
    await comes(id, 'watching', ...hosts);
    clock.pass(60_000);
    await comes(id, 'kept', ...hosts);
    const skipped = async (of: string) =>
      (await show(of)).behind?.hosts.filter(({ reason: why }) => why === 'skipped') ?? [];
    assert.match((await skipped(id))[0]?.message ?? '', /It is replaced/);
    await say('deploymentUnskipHost', id);
    clock.pass(1800_000);
    await follow(...hosts);
    await waitUntil(async () => /lb-2 .*No host is updated/.test((await show(id)).reason ?? ''), 60_000);
    assert.deepEqual([has('blue'), (await show(id)).groups?.phase], [['1.0.0', '1.0.0'], 'kept']);

    await root.api('deploymentPause', { params: { id } });
    await say('deploymentSkipHost', id);
    await create('shop', 'rollback');
    const { id: back = '' } = (await rollback()) ?? {};
    assert.deepEqual(await serving(), ['blue', 2]);
    assert.equal((await skipped(back)).length, 1);
    await comes(back, 'succeeded', one, ...hosts);
    assert.deepEqual(has('green'), ['1.0.0', '1.0.0']);
  });
