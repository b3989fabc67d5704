import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('puts children below the relay that serves at their parent’s address, whoever names whom', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', {
    body: { environment: 'production', serve: true, uses: 9 },
  });
  const relay = await fakeHost(root, token, { name: 'z-relay', serve: true });
  const byUrl = await fakeHost(root, token, { name: 'by-url' });
  const byId = await fakeHost(root, token, { name: 'by-id' });
  const url = 'https://10.0.0.1:7443';
  await relay.report([], { serves: { url, children: [] } });
  await byUrl.report([], { parent: { url, host: null } });
  await byId.report([], { parent: { url, host: relay.id } });
  const tree = async () => (await root.api('topology')).nodes.map(({ name, depth }) => `${depth} ${name}`);
  assert.deepEqual(await tree(), ['1 z-relay', '2 by-id', '2 by-url']);
  // What was folded on the way is told once a relay says so.
  const superseded = async () => (await root.api('topology')).nodes.map((node) => node.superseded);
  assert.deepEqual(await superseded(), [undefined, undefined, undefined]);
  await relay.report([], { serves: { url, children: [], superseded: 1204 } });
  assert.deepEqual(await superseded(), [1204, undefined, undefined]);
  await relay.report([], { serves: { url, children: [], supersededTotal: 8428 } });
  await byUrl.report([], { parent: { url, host: null }, supersededTotal: 12 });
  assert.deepEqual(
    (await root.api('topology')).nodes.map((node) => [
      node.superseded,
      node.supersededTotal,
      node.ownSuperseded,
    ]),
    [
      [undefined, 8428, undefined],
      [undefined, undefined, undefined],
      [undefined, undefined, 12],
    ],
  );
  // What a link carried is what its parent counted: the relay in its report, the root server itself.
  const traffic = (sentBytes: number) => ({ requests: 1, sentBytes, receivedBytes: 7 });
  const counted = (host: string | null, sentBytes: number) => ({
    host,
    hour: traffic(sentBytes),
    day: traffic(sentBytes * 2),
  });
  await relay.report([], {
    serves: {
      url,
      children: [],
      carried: [counted(byUrl.id, 500), counted(null, 9), counted('ab'.repeat(16), 3)],
    },
  } as never);
  const [own, one, other] = (await root.api('topology')).nodes;
  assert.deepEqual([one?.name, one?.carried], ['by-id', undefined]);
  assert.deepEqual(other?.carried, { hour: traffic(500), day: traffic(1000) });
  assert.ok(
    (own?.carried?.day.receivedBytes ?? 0) > 1000,
    'its reports have come over the root server’s own link',
  );
  // In the middle of a move two may call each other their parent: both are still shown, once.
  await relay.report([], { serves: { url, children: [] }, parent: { url: 'https://x', host: byId.id } });
  assert.equal((await tree()).length, 3);
});

test('a part of the tree that is silent is one statement about the relay at its top, until it is heard again', async (t) => {
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const root = await rootFixture(t, { clock });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', {
    body: { environment: 'production', serve: true, uses: 9 },
  });
  const top = await fakeHost(root, token, { name: 'top', serve: true });
  const low = await fakeHost(root, token, { name: 'low', serve: true });
  const web = await fakeHost(root, token, { name: 'web' });
  const other = await fakeHost(root, token, { name: 'other' });
  const serves = (name: string) => ({ url: `https://${name}:7443`, children: [] });
  const say = async (...hosts: readonly string[]): Promise<void> => {
    if (hosts.includes('top')) await top.report([], { serves: serves('top') });
    const below = (parent: string) => ({ parent: { url: `https://${parent}:7443`, host: null } });
    if (hosts.includes('low')) await low.report([], { serves: serves('low'), ...below('top') });
    if (hosts.includes('web')) await web.report([], below('low'));
    await other.report();
  };
  const unheard = async () => {
    const [{ unheard: inTree }, status] = await Promise.all([root.api('topology'), root.api('status')]);
    assert.deepEqual(status.unheard, inTree);
    return inTree.map(({ relay, relaySilent, hosts }) => [relay.name, relaySilent, hosts]);
  };
  const threePeriodsMs = 3 * 3_600_000 + 61_000;
  await say('top', 'low', 'web');
  assert.deepEqual(await unheard(), []);
  aheadMs += threePeriodsMs;
  await say();
  assert.deepEqual(await unheard(), [['top', true, 2]]);
  await say('top');
  assert.deepEqual(await unheard(), [['low', true, 1]]);
  await say('low', 'web');
  assert.deepEqual(await unheard(), []);
});
