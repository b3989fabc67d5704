import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSelector } from '../selector/index.ts';
import { parseSubnets } from './addresses.ts';
import {
  hasParents,
  type ParentRule,
  parentRuleLimits,
  type RuledHost,
  wantedByAddresses,
  wantedParents,
} from './rules.ts';

const to = (name: string): string => `https://${name}:8442`;
const rule = (name: string, where: string, priority: number, ...parents: string[]): ParentRule => ({
  name,
  priority,
  selector: parseSelector(where),
  subnets: parseSubnets([]),
  parents: parents.map(to),
});
const host = (more: Partial<RuledHost> = {}): RuledHost => ({
  id: 'a',
  labels: { site: 'muc', role: 'web' },
  parents: [],
  parentsRule: null,
  url: null,
  addresses: [],
  ...more,
});
const rules = [
  rule('muc', 'site = muc', 100, 'one', 'two', 'top'),
  rule('all', 'all', 200, 'top'),
  rule('web', 'role = web and site = fra', 1, 'fra'),
];

test('the first rule that fits decides, by priority and then by name, in whatever order they are given', () => {
  const wanted = (all: readonly ParentRule[], labels: Record<string, string>) =>
    wantedParents(all, host({ labels }))?.rule;
  for (const all of [rules, rules.toReversed()]) {
    assert.equal(wanted(all, { site: 'muc', role: 'web' }), 'muc');
    assert.equal(wanted(all, { site: 'fra', role: 'web' }), 'web');
    assert.equal(wanted(all, {}), 'all');
  }
  const equals = [rule('b', 'all', 7, 'two'), rule('a', 'all', 7, 'one')];
  assert.deepEqual(wantedParents(equals, host()), { rule: 'a', parents: [to('one')] });
  assert.equal(wantedParents([], host()), null);
  assert.equal(wanted(rules.slice(0, 1), { site: 'ber' }), undefined);
});

test('parents that a person gave stay; those by a rule, also one that is gone, do not', () => {
  const parents = [to('old')];
  assert.equal(wantedParents(rules, host({ parents })), null);
  for (const parentsRule of ['muc', 'gone'])
    assert.equal(wantedParents(rules, host({ parents, parentsRule }))?.rule, 'muc');
});

test('a relay that a rule names gets those named after it, so that no rule makes a circle', () => {
  const at = (url: string) => wantedParents(rules, host({ url }))?.parents;
  assert.deepEqual(at(to('one')), [to('two'), to('top')]);
  assert.deepEqual(at('HTTPS://Two:8442/'), [to('top')]);
  assert.equal(at(to('top')), undefined, 'nothing is left, and no later rule is asked');
  assert.deepEqual(at(to('other')), [to('one'), to('two'), to('top')]);
});

test('the same parents are the same in their order alone, with or without a slash', () => {
  const placed = host({ parents: [`${to('one')}/`, to('two')] });
  assert.ok(hasParents(placed, [to('one'), to('two')]));
  assert.ok(!hasParents(placed, [to('two'), to('one')]));
  assert.ok(!hasParents(placed, [to('one')]));
});

const nets = [
  { ...rule('muc', 'all', 100, 'muc'), subnets: parseSubnets(['10.1.0.0/16', '2001:db8:1::/48']) },
  { ...rule('fra', 'role = web', 100, 'fra'), subnets: parseSubnets(['10.2.0.0/16']) },
  rule('rest', 'role = web', 200, 'top'),
];

test('a rule with subnets fits a host of which one address is in one of them, and its selector', () => {
  const wanted = (addresses: string[], labels: Record<string, string> = { role: 'web' }) =>
    wantedParents(nets, host({ addresses, labels }))?.rule;
  assert.equal(wanted(['10.1.2.3']), 'muc');
  assert.equal(wanted(['172.17.0.1', '2001:db8:1:7::']), 'muc');
  assert.equal(wanted(['10.2.0.9']), 'fra');
  assert.equal(wanted(['10.1.2.3', '10.2.0.9']), 'fra', 'of both, by the name of the rule');
  assert.equal(wanted(['10.2.0.9'], {}), undefined);
  for (const other of [[], ['10.3.0.1'], ['2001:db8:2::'], ['no address'], ['::ffff:10.9.2.3']])
    assert.equal(wanted(other), 'rest');
});

test('other addresses lead to other parents once an hour; with the same outcome they count at once', () => {
  const hour = parentRuleLimits.addressesMs;
  let known = wantedByAddresses(nets, host(), null, ['10.1.0.1'], 0).known;
  assert.deepEqual(known, { addresses: ['10.1.0.1'], changedMs: null });
  const next = (nowMs: number, said: readonly string[] | null) => {
    const found = wantedByAddresses(nets, host(), known, said, nowMs);
    ({ known } = found);
    return `${found.wanted?.rule ?? '-'}${found.waits ? ' waits' : ''}`;
  };
  assert.equal(next(5, ['10.1.0.2']), 'muc');
  assert.equal(next(7, ['10.2.0.1']), 'fra');
  assert.equal(next(8, ['10.2.0.2', '10.7.0.1']), 'fra');
  assert.equal(next(9, ['10.1.0.1']), 'fra waits');
  assert.equal(next(6 + hour, ['10.1.0.1']), 'fra waits');
  assert.equal(next(7 + hour, null), 'fra', 'it says none any more: what it said counts');
  assert.equal(next(7 + hour, ['10.1.0.1']), 'muc');
  assert.equal(next(0, ['10.2.0.1']), 'fra', 'a clock that was set back ends the wait');
  assert.deepEqual(wantedByAddresses(nets, host(), null, null, 0), {
    wanted: { rule: 'rest', parents: [to('top')] },
    known: null,
    waits: false,
  });
});
