import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { generateKey } from '@xylem/trust';
import { goesBack, groupsFleet } from '../testing/groups-fleet.ts';
import { operatorsOf } from '../testing/operators.ts';

const word = { product: 'shop', version: '2.0.0', reason: 'It loses orders.' };

test('a recall gives traffic back, and hosts go back after it', async (t) => {
  const all = await groupsFleet(t);
  const { root, balancers, show, comes, turned } = all;
  const id = await turned();
  await comes(id, 'watching', ...balancers);
  const { recall } = await root.api('recallBegin', { body: word });
  assert.equal((await show(id)).state, 'failed');
  await goesBack(all);
  const shown = await root.api('recallShow', { params: { id: recall?.id ?? '' } });
  assert.deepEqual(
    shown.environments.map(({ version }) => version),
    ['1.0.0'],
  );
});

test('a quarantine gives traffic back, and says who has not confirmed that', async (t) => {
  const { root, balancers, hosts, show, follow, has, serving, comes, turned, rollback } =
    await groupsFleet(t);
  const [{ id: environment, name } = assert.fail()] = (await root.api('environmentList')).environments;
  await operatorsOf(root, { id: environment, name }, generateKey());
  const id = await turned();
  await comes(id, 'watching', ...balancers);
  await root.api('quarantineSet', { body: { ...word, environments: [name] } });
  const { state, groups } = await show(id);
  assert.deepEqual([state, groups?.phase, await serving()], ['failed', 'returning', ['blue', 2]]);
  assert.deepEqual(groups?.traffic?.behind, ['lb-1', 'lb-2']);
  await waitUntil(async () => {
    await follow(...balancers, ...hosts);
    return (await show(id)).groups?.traffic?.applied === 2;
  }, 60_000);
  assert.deepEqual(
    [has('green'), await rollback()],
    [['2.0.0', '2.0.0'], null],
    'a person says what follows',
  );
});

test('what fails once the other group has begun goes back by itself, group by group', async (t) => {
  const all = await groupsFleet(t);
  const { clock, balancers, web, hosts, show, has, serving, comes, turned, fail, rollback } = all;
  const id = await turned();
  await comes(id, 'watching', ...balancers);
  clock.pass(60_000);
  await comes(id, 'kept', ...hosts);
  clock.pass(1800_000);
  await comes(id, 'second', ...balancers, ...hosts);
  for (const host of web['green'] ?? []) await fail(host);
  await waitUntil(async () => (await show(id)).state === 'failed', 60_000);
  await waitUntil(async () => (await rollback()) !== null, 60_000);
  const { id: back = '' } = (await rollback()) ?? {};
  const blue = web['blue'] ?? [];
  await comes(back, 'switching', ...blue);
  assert.deepEqual(
    [has('blue'), await serving()],
    [
      ['1.0.0', '1.0.0'],
      ['blue', 2],
    ],
  );
  await comes(back, 'second', ...balancers);
  await comes(back, 'succeeded', ...hosts);
  assert.deepEqual(has('green'), ['1.0.0', '1.0.0']);
});
