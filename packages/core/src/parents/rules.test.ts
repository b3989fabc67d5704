import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSelector } from '../selector/index.ts';
import { hasParents, type ParentRule, type RuledHost, wantedParents } from './rules.ts';

const to = (name: string): string => `https://${name}:8442`;
const rule = (name: string, where: string, priority: number, ...parents: string[]): ParentRule => ({
  name,
  priority,
  selector: parseSelector(where),
  parents: parents.map(to),
});
const host = (more: Partial<RuledHost> = {}): RuledHost => ({
  id: 'a',
  labels: { site: 'muc', role: 'web' },
  parents: [],
  parentsRule: null,
  url: null,
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
