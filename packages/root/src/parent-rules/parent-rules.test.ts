import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { reparentingLimits } from '@xylem/core';
import { cleanup, waitUntil } from '@xylem/testkit';
import { testDatabases } from '../testing/databases.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const own = cleanup();
after(() => own.run());

const environment = 'acme/production';
const urlOf = (name: string): string => `https://${name}.example:8442`;

/** Hosts of an environment, each with the label `site`, that report an old parent. */
async function fleet(
  t: TestContext,
  sites: Readonly<Record<string, string>>,
  options: RootFixtureOptions = {},
) {
  const clock = shiftedClock(-86_400_000);
  const root = await rootFixture(t, { clock, ...options });
  await root.api('environmentCreate', { body: { name: environment } });
  const hosts = new Map<string, FakeHost>();
  const join = async (name: string, site: string, serve = false) => {
    const { token } = await root.api('tokenCreate', { body: { environment, labels: { site }, serve } });
    const host = await fakeHost(root, token, { name, serve });
    hosts.set(name, host);
    return host;
  };
  const say = async (name: string, parent: string) =>
    await hosts.get(name)?.report([], { parent: { url: urlOf(parent), host: null } });
  for (const [name, site] of Object.entries(sites)) {
    await join(name, site);
    await say(name, 'old');
  }
  const set = async (name: string, where: string, parents: readonly string[], priority = 100) => {
    const body = { name, environments: [environment], where, parents: parents.map(urlOf), priority };
    return (await root.api('parentRuleSet', { body })).rules[0];
  };
  const placed = async (name: string) => {
    const { parents, parentsRule } = await root.api('hostShow', { params: { host: name } });
    return `${parentsRule ?? '-'}: ${parents.map((url) => new URL(url).hostname.split('.')[0]).join(' ')}`;
  };
  const isPlaced = (name: string, wanted: string) =>
    waitUntil(async () => (await placed(name)) === wanted, 30_000, `${name} to be ${wanted}`);
  const newest = async () => (await root.api('reparentingList')).reparentings[0];
  /** Each is looked at at once, which `resume` has as its effect on one that runs. */
  const over = () =>
    waitUntil(async () => {
      const { reparentings } = await root.api('reparentingList');
      const open = reparentings.filter(({ ended }) => ended === null);
      for (const { id } of open)
        await root.api('reparentingResume', { params: { id } }).catch(() => undefined);
      return open.length === 0;
    });
  return { root, clock, join, say, set, placed, isPlaced, newest, over };
}

for (const { kind, skip, options } of await testDatabases(own))
  test(`hosts get the parents of the first rule that fits, in batches, over a restart; a person's word stays: ${kind}`, {
    skip,
  }, async (t) => {
    const sites = { a: 'muc', b: 'muc', c: 'fra', d: 'muc' };
    const { root, join, say, set, placed, isPlaced, newest, over } = await fleet(
      t,
      sites,
      await options('parent_rules'),
    );
    const move = (name: string, parents: readonly string[]) =>
      root.api('hostMove', { body: { select: { hosts: [name] }, parents: parents.map(urlOf) } });
    await move('d', ['own']);
    await set('muc', 'site = muc', ['one', 'top']);
    const first = await newest();
    assert.deepEqual(
      [first?.kind, first?.rule, first?.askedBy, first?.states],
      ['rule', 'muc', 'parent-rule/muc', { trying: 2 }],
    );
    await assert.rejects(move('a', ['own']), { code: 'E_BUSY' });
    // While it goes on another rule comes before it: its hosts wait for their turn.
    await set('all', 'all', ['two'], 7);
    assert.equal(await placed('a'), 'muc: one top');
    await root.restart();
    assert.equal(await placed('b'), 'muc: one top');
    await say('a', 'one');
    await say('b', 'one');
    await say('c', 'two');
    await over();
    assert.deepEqual([await placed('c'), await placed('d')], ['all: two', '-: own']);

    // Set again all are due: those that waited go to the rule that comes first.
    await set('all', 'all', ['two'], 7);
    await isPlaced('a', 'all: two');
    for (const name of ['a', 'b']) await say(name, 'two');
    await over();
    await root.api('parentRuleRemove', { body: { name: 'all', environments: [environment] } });
    await isPlaced('a', 'muc: one top');
    assert.equal(await placed('c'), 'all: two', 'where none fits it keeps what it has');
    for (const name of ['a', 'b']) await say(name, 'one');
    await over();

    await root.api('hostLabel', { body: { select: { hosts: ['c'] }, set: { site: 'muc' } } });
    await join('e', 'muc');
    assert.equal(await placed('d'), '-: own');
    await move('d', []);
    for (const name of 'cd') {
      await isPlaced(name, 'muc: one top');
      await say(name, 'one');
    }
    await over();
    // It has reported nothing yet, and so came last.
    await isPlaced('e', 'muc: one top');
    const { rules } = await root.api('parentRuleList');
    assert.deepEqual(
      rules.map(({ name, hosts, note }) => [name, hosts, note]),
      [['muc', 5, null]],
    );
    await assert.rejects(root.api('parentRuleRemove', { body: { name: 'all' } }), { code: 'E_NOT_FOUND' });
    const { entries } = await root.api('auditList', { query: { limit: '1000' } });
    const acts = new Set(entries.map(({ entry: { what } }) => what));
    for (const what of ['parent-rule.set', 'parent-rule.remove', 'reparenting.rule', 'reparenting.done'])
      assert.ok(acts.has(what), what);
  });

test('a host that did not go is left where it was until the rule is set again', async (t) => {
  const { root, clock, say, set, placed, isPlaced, newest, over } = await fleet(t, { a: 'muc' });
  await set('muc', 'site = muc', ['one']);
  const id = (await newest())?.id ?? '';
  for (let left = reparentingLimits.batchMs; left > 0; left -= reparentingLimits.mostStepMs) {
    clock.pass(reparentingLimits.mostStepMs);
    await root.api('reparentingResume', { params: { id } }).catch(() => undefined);
  }
  await say('a', 'old');
  await over();
  assert.deepEqual([(await newest())?.state, await placed('a')], ['failed', '-: ']);
  await set('other', 'site = fra', ['one']);
  assert.deepEqual([(await newest())?.id, await placed('a')], [id, '-: ']);
  await set('muc', 'site = muc', ['one']);
  await isPlaced('a', 'muc: one');
});

test('relays that a rule names get those after them; what can not be followed waits, and says why', async (t) => {
  const { root, clock, join, say, set, placed, isPlaced, over } = await fleet(t, { a: 'muc' });
  const relay = async (name: string) => {
    const host = await join(name, 'muc', true);
    return (parent: string) =>
      host.report([], {
        serves: { url: urlOf(name), children: [] },
        parent: { url: urlOf(parent), host: null },
      });
  };
  const one = await relay('one');
  const two = await relay('two');
  await one('top');
  const noted = await set('muc', 'site = muc', ['one', 'two', 'top']);
  assert.equal(noted?.note, null);
  assert.deepEqual(
    [await placed('one'), await placed('two')],
    ['muc: two top', '-: '],
    'whose address is not known yet waits',
  );
  await two('top');
  clock.pass(60_000);
  await isPlaced('two', 'muc: top');
  await one('two');
  await say('a', 'one');
  await over();
  // By another rule it would go to the one that pulls from it.
  const circle = await set('back', 'name = two', ['one'], 1);
  assert.match(circle?.note ?? '', /E_CONFLICT: .*circle: two from one from two\./);
  assert.equal(await placed('two'), 'muc: top');
  await set('back', 'name = two', ['other'], 1);
  await isPlaced('two', 'back: other');
  const bad = { name: 'bad', where: 'site is muc', parents: [urlOf('one')] };
  await assert.rejects(root.api('parentRuleSet', { body: bad }), { code: 'E_SELECTOR' });
});
