import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type HostMapEntry, lookUpHost, reparentingLimits } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const environment = 'acme/production';
const relayUrl = (name: string): string => `https://${name}.example:8442`;

/** Two relays below the root server, and hosts below the first. */
async function fleet(t: TestContext, names: string) {
  const clock = shiftedClock(-86_400_000);
  const root = await rootFixture(t, { clock });
  await root.api('environmentCreate', { body: { name: environment } });
  const token = async (serve: boolean) =>
    (await root.api('tokenCreate', { body: { environment, uses: 20, serve } })).token;
  const top = root.running().nodesUrl;
  const relay = async (name: string, children: readonly FakeHost[] = []) => {
    const host = await fakeHost(root, await token(true), { name, serve: true });
    const lastSeen = '2026-11-21T03:28:06Z' as never;
    const serves = { url: relayUrl(name), children: children.map(({ id }) => ({ host: id, lastSeen })) };
    const say = (parent = top) => host.report([], { serves, parent: { url: parent, host: null } });
    await say();
    return { ...host, say };
  };
  const [first, second] = [await relay('first'), await relay('second')];
  const plain = await token(false);
  const hosts = new Map<string, FakeHost>();
  for (const name of names) hosts.set(name, await fakeHost(root, plain, { name }));
  const say = async (name: string, at: string, more: Parameters<FakeHost['report']>[1] = {}) =>
    await hosts.get(name)?.report([], { parent: { url: relayUrl(at), host: null }, ...more });
  for (const name of names) await say(name, 'first');
  const folder = await tempFolder(t, 'tuf');
  const entry = async (host: FakeHost): Promise<HostMapEntry | undefined> => {
    const { hostMap } = await host.desiredState(join(folder, host.id));
    const own = host.answer.environment.id;
    return await lookUpHost(hostMap, host.id, async (digest) => (await host.get(`/o/${own}/${digest}`)).body);
  };
  const shown = async (id: string) => {
    const one = await root.api('reparentingShow', { params: { id } });
    return {
      ...one,
      said: `${one.state}: ${one.hostList.map(({ name, state }) => `${name} ${state}`).join(', ')}`,
    };
  };
  /** Looks at once, which `resume` has as its effect on one that runs, so much later. */
  const look = async (id: string, laterMs = 0) => {
    for (let left = laterMs; left > 0; left -= reparentingLimits.mostStepMs) {
      clock.pass(reparentingLimits.mostStepMs);
      await root.api('reparentingResume', { params: { id } }).catch(() => undefined);
    }
    await root.api('reparentingResume', { params: { id } }).catch(() => undefined);
    return await shown(id);
  };
  /** By the root server's own looks. */
  const ended = (id: string) => waitUntil(async () => (await shown(id)).ended !== null);
  return { root, first, second, hosts, say, entry, shown, look, ended };
}

const idOf = ({ reparenting }: { reparenting: { id: string } | null }): string => reparenting?.id ?? '';

test('a drained relay loses its children in batches, over a restart, and gets no others until that is undone', async (t) => {
  const { root, hosts, say, entry, look } = await fleet(t, 'abcdefg');
  const dry = await root.api('relayDrain', { body: { relay: 'first', dryRun: true } });
  assert.deepEqual(
    [dry.reparenting, dry.hosts, dry.targets],
    [null, 7, [{ url: relayUrl('second'), hosts: 7 }]],
  );
  const id = idOf(await root.api('relayDrain', { body: { relay: 'first' } }));
  const begun = await look(id);
  assert.deepEqual([begun.batch, begun.states], [1, { trying: 5, waiting: 2 }]);
  const turn = begun.hostList.filter(({ state }) => state === 'trying').map(({ name }) => name);
  const [chosen = ''] = turn;
  const said = await entry(hosts.get(chosen) as FakeHost);
  assert.deepEqual([said?.parents, said?.reparent?.from], [[relayUrl('second')], []]);
  const [late = ''] = begun.hostList.filter(({ state }) => state === 'waiting').map(({ name }) => name);
  assert.equal((await entry(hosts.get(late) as FakeHost))?.parents, undefined);

  const parents = [relayUrl('second')];
  const busy = { code: 'E_BUSY', message: new RegExp(id) };
  await assert.rejects(root.api('hostMove', { body: { select: { hosts: [chosen] }, parents: [] } }), busy);
  await assert.rejects(root.api('relayDrain', { body: { relay: 'first' } }), busy);
  await assert.rejects(root.api('relayUndrain', { body: { relay: 'first' } }), busy);
  await root.restart();
  for (const name of turn) await say(name, 'second');
  assert.deepEqual((await look(id)).states, { moved: 5, trying: 2 });
  assert.deepEqual(
    [(await entry(hosts.get(chosen) as FakeHost))?.reparent, (await look(id)).batch],
    [undefined, 2],
  );
  for (const name of 'abcdefg') await say(name, 'second');
  assert.equal((await look(id)).state, 'done');

  const drained = async () =>
    (await root.api('topology')).nodes.filter((node) => node.drained).map(({ name }) => name);
  assert.deepEqual(await drained(), ['first']);
  const back = { body: { select: { hosts: ['a'] }, parents: [relayUrl('first')] } };
  await assert.rejects(root.api('reparentingBegin', back), { code: 'E_CONFLICT', message: /drained/ });
  await root.api('relayUndrain', { body: { relay: 'first' } });
  assert.deepEqual(await drained(), []);
  const { reparenting } = await root.api('reparentingBegin', { ...back });
  assert.equal(reparenting?.state, 'running');
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  const acts = new Set(entries.map(({ entry: { what } }) => what));
  for (const what of ['reparenting.drain', 'reparenting.done', 'relay.undrain'])
    assert.ok(acts.has(what), what);
  assert.equal((await root.api('hostShow', { params: { host: 'a' } })).parents[0], relayUrl('first'));
  assert.deepEqual(parents, (await root.api('hostShow', { params: { host: 'b' } })).parents);
});

test('too many that can not go, and those that went come back by themselves', async (t) => {
  const { root, hosts, say, entry, shown, look, ended } = await fleet(t, 'abc');
  const id = idOf(await root.api('relayDrain', { body: { relay: 'first' } }));
  const order = (await entry(hosts.get('a') as FakeHost))?.reparent?.order ?? '';
  await say('a', 'second');
  await say('b', 'first', {
    reparent: {
      order,
      tried: 3,
      code: 'E_PARENT_REFUSED' as never,
      message: 'it does not serve this environment',
    },
  });
  const turned = await look(id, reparentingLimits.faultMs);
  assert.equal(turned.said, 'returning: a returning, b failed, c returning');
  assert.deepEqual(
    turned.hostList.find(({ name }) => name === 'b')?.message,
    'it does not serve this environment',
  );
  const back = await entry(hosts.get('a') as FakeHost);
  assert.deepEqual([back?.parents, back?.reparent?.from], [undefined, [relayUrl('second')]]);
  assert.notEqual(back?.reparent?.order, order);
  for (const name of 'ac') await say(name, 'first');
  await ended(id);
  assert.equal((await shown(id)).said, 'failed: a returned, b failed, c returned');
  await waitUntil(async () => (await entry(hosts.get('a') as FakeHost))?.reparent === undefined);
  assert.ok(!(await root.api('hostShow', { params: { host: 'first' } })).drained);
});

test('hosts go back to the parents by which they joined in batches, by what each says of its test', async (t) => {
  const { root, hosts, say, entry, look, ended, shown } = await fleet(t, 'ab');
  const select = { hosts: ['a', 'b'] };
  await root.api('hostMove', { body: { select, parents: [relayUrl('second')] } });
  for (const name of 'ab') await say(name, 'second');
  const began = await root.api('reparentingBegin', { body: { select, parents: [], firstBatch: 1 } });
  assert.deepEqual(began.targets, [{ url: '', hosts: 2 }]);
  const id = idOf(began);
  assert.deepEqual((await look(id)).states, { trying: 1, waiting: 1 });
  for (const _ of 'ab') {
    const name = (await look(id)).hostList.find(({ state }) => state === 'trying')?.name ?? '';
    const said = await entry(hosts.get(name) as FakeHost);
    assert.deepEqual([said?.parents, said?.reparent?.from], [undefined, [relayUrl('second')]]);
    await say(name, 'first', { reparent: { order: said?.reparent?.order ?? '', tried: 1 } });
    await look(id);
  }
  await ended(id);
  assert.equal((await shown(id)).said, 'done: a moved, b moved');
  assert.deepEqual((await root.api('hostShow', { params: { host: 'a' } })).parents, []);
});

test('a relay is replaced: first its parents for the new one, then its children; cancelled, all come back', async (t) => {
  const { root, second, say, shown, look, ended } = await fleet(t, 'ab');
  const top = root.running().nodesUrl;
  await root.api('hostMove', { body: { select: { hosts: ['first'] }, parents: [`${top}/`] } });
  await second.say('https://elsewhere.example');
  const id = idOf(await root.api('relayReplace', { body: { relay: 'first', by: 'second' } }));
  assert.equal((await shown(id)).said, 'running: second trying, a waiting, b waiting');
  await second.say();
  assert.equal((await look(id)).said, 'running: second moved, a trying, b trying');
  await root.api('reparentingPause', { params: { id } });
  await say('a', 'second');
  const cancelled = await root.api('reparentingCancel', { params: { id } });
  assert.deepEqual([cancelled.state, cancelled.note], ['returning', 'Cancelled by operator.']);
  for (const name of 'ab') await say(name, 'first');
  await second.say('https://elsewhere.example');
  await ended(id);
  assert.equal((await shown(id)).said, 'cancelled: second returned, a returned, b returned');
  await assert.rejects(root.api('reparentingPause', { params: { id } }), { code: 'E_CONFLICT' });
});

test('what has no room, would be a loop, or serves another environment is refused before anything is said', async (t) => {
  const { root, first, second } = await fleet(t, 'abc');
  await root.api('hostServe', { body: { select: { hosts: ['second'] }, serve: true, children: 2 } });
  assert.equal((await root.api('hostShow', { params: { host: 'second' } })).mostChildren, 2);
  const to = [relayUrl('second')];
  await assert.rejects(root.api('relayDrain', { body: { relay: 'first', to } }), { code: 'E_RELAY_FULL' });
  const up = await root.api('relayDrain', { body: { relay: 'first', dryRun: true } });
  assert.deepEqual(up.targets, [{ url: root.running().nodesUrl, hosts: 3 }]);
  await second.say(relayUrl('first'));
  await first.say();
  const below = { select: { hosts: ['first'] }, parents: to };
  await assert.rejects(root.api('reparentingBegin', { body: below }), {
    code: 'E_CONFLICT',
    message: /circle/,
  });
  await root.api('environmentCreate', { body: { name: 'acme/staging' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/staging' } });
  await fakeHost(root, token, { name: 'other' });
  const other = { select: { hosts: ['other'] }, parents: to };
  await assert.rejects(root.api('reparentingBegin', { body: other }), {
    code: 'E_CONFLICT',
    message: /--for/,
  });
  await assert.rejects(root.api('relayDrain', { body: { relay: 'a' } }), { code: 'E_CONFLICT' });
  assert.deepEqual((await root.api('reparentingList')).reparentings, []);
});
