import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parentRuleLimits, reparentingLimits } from '@xylem/core';
import { cleanup } from '@xylem/testkit';
import { testDatabases } from '../testing/databases.ts';
import { ruledFleet, urlOf } from '../testing/ruled-fleet.ts';

const own = cleanup();
after(() => own.run());

for (const { kind, skip, options } of await testDatabases(own)) {
  test(`hosts get the parents of the first rule that fits, in batches, over a restart; a person's word stays: ${kind}`, {
    skip,
  }, async (t) => {
    const sites = { a: 'muc', b: 'muc', c: 'fra', d: 'muc' };
    const { root, environment, join, say, set, placed, isPlaced, newest, over } = await ruledFleet(
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

  test(`hosts get the parents of the subnet that they are in, with their first report, once an hour anew, over a restart: ${kind}`, {
    skip,
  }, async (t) => {
    const sites = { a: 'x', b: 'x', c: 'x' };
    const { root, clock, join, say, ask, set, placed, isPlaced, over } = await ruledFleet(
      t,
      sites,
      await options('subnets'),
    );
    await say('a', 'old', ['10.1.0.7', '172.17.0.1']);
    await say('b', 'old', ['2001:db8:1:9::']);
    await ask('muc', { subnets: ['10.1.0.0/16', '2001:db8:1::/48'], parents: ['muc', 'top'] });
    await ask('fra', { subnets: ['10.2.0.0/16'], parents: ['fra', 'top'] });
    await isPlaced('a', 'muc: muc top');
    await isPlaced('b', 'muc: muc top');
    assert.equal(await placed('c'), '-: ', 'it says no address');
    for (const name of 'ab') await say(name, 'muc');
    await over();
    assert.equal(await placed('a'), 'muc: muc top', 'it says no address any more: what it said counts');

    // Who has said nothing yet may be anywhere.
    await set('y', 'site = y and name = d', ['y'], 1);
    await set('rest', 'all', ['top'], 900);
    await isPlaced('c', 'rest: top');
    await say('c', 'top');
    await over();
    await join('d', 'x');
    await say('a', 'muc', ['10.2.0.7']);
    await isPlaced('a', 'fra: fra top');
    assert.equal(await placed('d'), '-: ');
    await say('d', 'old', ['10.2.0.8']);
    await say('a', 'fra', ['10.2.0.7']);
    await isPlaced('d', 'fra: fra top');
    await say('d', 'fra', ['10.2.0.8']);
    await over();

    // Back within the hour: the addresses before count, whoever looks.
    await say('a', 'fra', ['10.1.0.7']);
    await root.restart();
    await root.api('hostLabel', { body: { select: { hosts: ['a', 'd'] }, set: { site: 'y' } } });
    await isPlaced('d', 'y: y');
    assert.equal(await placed('a'), 'fra: fra top');
    const { rules } = await root.api('parentRuleList');
    assert.deepEqual(
      rules.map(({ name, subnets }) => [name, subnets.length]),
      [
        ['y', 0],
        ['fra', 1],
        ['muc', 2],
        ['rest', 0],
      ],
    );
    clock.pass(parentRuleLimits.addressesMs);
    await isPlaced('a', 'muc: muc top');
  });
}

test('a host that did not go is left where it was until the rule is set again', async (t) => {
  const { root, clock, say, set, placed, isPlaced, newest, over } = await ruledFleet(t, { a: 'muc' });
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
  const { root, clock, join, say, set, placed, isPlaced, over } = await ruledFleet(t, { a: 'muc' });
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

test('a dry run says who would go from where to where, and what stands against it, and changes nothing', async (t) => {
  const { root, say, ask, placed, join, over, isPlaced } = await ruledFleet(t, { a: 'x', b: 'x', c: 'x' });
  await say('a', 'old', ['10.1.0.1']);
  await say('b', 'other', ['10.1.0.2']);
  await say('c', 'old', ['10.2.0.3']);
  const rule = { subnets: ['10.1.0.0/16'], parents: ['muc', 'top'] };
  const dry = async (more: object = {}) => await ask('muc', { ...rule, ...more, dryRun: true });
  const way = { environment: 'acme/production', rule: 'muc', to: rule.parents.map(urlOf), note: null };
  const { rules: none, moves: ways } = await dry();
  assert.deepEqual(none, []);
  assert.deepEqual(ways, [
    { ...way, from: urlOf('old'), hosts: 1, names: ['a'] },
    { ...way, from: urlOf('other'), hosts: 1, names: ['b'] },
  ]);
  assert.deepEqual((await root.api('parentRuleList')).rules, []);
  assert.deepEqual((await root.api('reparentingList')).reparentings, []);
  await assert.rejects(dry({ subnets: ['10.1.0.0/33'] }), { code: 'E_INPUT' });
  await assert.rejects(ask('muc', { ...rule, subnets: ['2001:db8::1'] }), { code: 'E_INPUT' });

  // It counts those that other rules get by it, and not those that have what it wants.
  await ask('muc', rule);
  for (const name of 'ab') {
    await isPlaced(name, 'muc: muc top');
    await say(name, 'muc', ['10.1.0.1']);
  }
  await over();
  assert.deepEqual((await dry()).moves, []);
  await ask('rest', { parents: ['rest'], priority: 900 });
  await isPlaced('c', 'rest: rest');
  await say('c', 'rest', ['10.2.0.3']);
  await over();
  // Without a rule its hosts go to the next that fits, and who is left to none stays.
  const without = (name: string) => root.api('parentRuleRemove', { body: { name, dryRun: true } });
  const gone = await without('muc');
  assert.deepEqual(gone.environments, ['acme/production']);
  assert.deepEqual(
    gone.moves.map(({ rule: next, from, to, names }) => [next, from, to, names]),
    [['rest', urlOf('muc'), [urlOf('rest')], ['a', 'b']]],
  );
  assert.deepEqual((await without('rest')).moves, []);
  await assert.rejects(without('none'), { code: 'E_NOT_FOUND' });
  assert.equal((await root.api('parentRuleList')).rules.length, 2);
  const relay = await join('full', 'x', true);
  await relay.report([], {
    serves: { url: urlOf('full'), children: [] },
    parent: { url: urlOf('top'), host: null },
  });
  await isPlaced('full', 'rest: rest');
  await root.api('hostServe', { body: { select: { hosts: ['full'] }, serve: true, children: 1 } });
  const { moves } = await dry({ subnets: ['10.3.0.0/16'] });
  assert.deepEqual(
    moves.map(({ rule: by, from, hosts }) => [by, from, hosts]),
    [['rest', urlOf('muc'), 2]],
  );
  const full = (await dry({ parents: ['full'] })).moves;
  assert.match(full[0]?.note ?? '', /^E_RELAY_FULL/);
  assert.equal(await placed('a'), 'muc: muc top');
});
