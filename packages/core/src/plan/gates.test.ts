import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicy } from '../environment/spec.ts';
import { gatePolicies, gatesFault, type PlanGates } from './gates.ts';

const demanded: PlanGates = {
  after: { soak: '24h' },
  change: 'required',
  health: { atLeast: '95%' },
  incidents: 'none',
  preflight: 'required',
  provenance: { require: [] },
};
const said = [
  ['after', 'stage-order', 'none'],
  ['change', 'change-ticket', 'required'],
  ['health', 'health', { atLeast: '10%' }],
  ['incidents', 'incidents', 'acknowledged'],
  ['preflight', 'preflight', 'required'],
  ['provenance', 'statements', { require: [] }],
] as const;

for (const [key, gate, own] of said) {
  test(`${key} of a plan is looked at besides what policy says, never in its place`, () => {
    const policy = { ...defaultPolicy, [key]: own };
    assert.deepEqual(gatePolicies(gate, policy, demanded), [
      { policy, isPlans: false },
      { policy: { ...policy, [key]: demanded[key] }, isPlans: true },
    ]);
    const others = { ...demanded, [key]: undefined };
    assert.deepEqual(gatePolicies(gate, policy, others), [{ policy, isPlans: false }]);
  });
}

test('where policy says nothing a gate is looked at once, but the order of stages is demanded all the same', () => {
  for (const [key, gate] of said) {
    const seen = gatePolicies(gate, defaultPolicy, demanded).map(({ isPlans }) => isPlans);
    assert.deepEqual(seen, key === 'after' ? [false, true] : [true], key);
  }
  assert.deepEqual(gatePolicies('disk', defaultPolicy, demanded), [
    { policy: defaultPolicy, isPlans: false },
  ]);
});

test('what does not fit the rest of the plan is refused', () => {
  const fitting = { isDeploy: true, urgent: false, hasChange: true, forces: [] };
  assert.equal(gatesFault(demanded, fitting), null);
  const keyOf = (gates: PlanGates, beside: Partial<Parameters<typeof gatesFault>[1]>) =>
    gatesFault(gates, { ...fitting, ...beside })?.key;
  assert.equal(keyOf({}, {}), null);
  assert.equal(keyOf(demanded, { hasChange: false }), 'change');
  assert.equal(keyOf(demanded, { urgent: true }), 'after');
  assert.equal(keyOf(demanded, { forces: ['statements'] }), 'provenance');
  assert.equal(keyOf(demanded, { forces: ['disk'] }), undefined);
  assert.equal(keyOf({ health: { atLeast: '9%' } }, { isDeploy: false }), 'health');
  assert.equal(keyOf({ change: 'required' }, { isDeploy: false }), undefined);
});
