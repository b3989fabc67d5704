import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Period } from '../wire/change-policy.ts';
import type { Assignment, DesiredState } from '../wire/desired-state.ts';
import { heldUntil } from './held-until.ts';

const night = (name: string, start: string, where?: string): Period => ({
  name,
  zone: 'UTC',
  start: `2026-01-01T${start}`,
  duration: 'PT2H',
  rule: 'FREQ=DAILY',
  ...(where === undefined ? {} : { where }),
});
const noon = Date.parse('2026-11-20T12:00Z');
const at = (hour: string): number => Date.parse(`2026-11-20T${hour}Z`);

/** A state of these versions of one component each. */
const state = (versions: readonly (string | Partial<Assignment>)[], more: Partial<DesiredState> = {}) =>
  ({
    number: versions.length,
    hostMap: 'a'.repeat(64),
    policy: { windows: [night('nights', '22:00')] },
    assignments: versions.map((one) => (typeof one === 'string' ? { package: one } : one)),
    ...more,
  }) as unknown as DesiredState;

test('what is new in a state is held where a window or freeze for all hosts holds it', () => {
  const [one, two] = [state(['a']), state(['b'])];
  assert.equal(heldUntil([two, one], noon), at('22:00'));
  assert.equal(heldUntil([two, one], at('22:30')), null);
  const policy = { freezes: [night('quiet', '11:00')] } as unknown as DesiredState['policy'];
  assert.equal(heldUntil([state(['b'], { policy }), state(['a'], { policy })], noon), at('13:00'));
});

test('a window of some hosts opens for all that may be there, a freeze of some holds nobody for sure', () => {
  const under = (policy: object): number | null => {
    const said = { policy } as unknown as Partial<DesiredState>;
    return heldUntil([state(['b'], said), state(['a'], said)], noon);
  };
  const nights = night('nights', '22:00');
  assert.equal(under({ windows: [nights, night('some', '15:00', 'ring = first')] }), at('15:00'));
  assert.equal(under({ windows: [nights, night('some', '11:30', 'ring = first')] }), null);
  assert.equal(under({ windows: [night('some', '22:00', 'ring = first')] }), null);
  assert.equal(under({ freezes: [night('some', '11:00', 'ring = first')] }), null);
  assert.equal(under({}), null);
});

test('nothing is held where hosts may begin something else that is new, or it is the first state', () => {
  const one = state(['a']);
  for (const urgent of [{ urgent: true }, { overrides: ['windows'] }])
    assert.equal(heldUntil([state(['b', { package: 'c', ...urgent } as never]), one], noon), null);
  assert.equal(heldUntil([state(['b'], { hostMap: 'b'.repeat(64) as never }), one], noon), null);
  assert.equal(heldUntil([state(['b'], { purge: ['web'] as never }), one], noon), null);
  assert.equal(heldUntil([state(['b']), one, state(['b', 'z'])], noon), null);
  assert.equal(heldUntil([state(['a']), one], noon), null);
  assert.equal(heldUntil([state(['b'])], noon), null);
  assert.equal(heldUntil([], noon), null);
  // What was urgent before and is still said holds up nothing that is new.
  const urgent = { package: 'c', urgent: true } as Partial<Assignment>;
  assert.equal(heldUntil([state(['b', urgent]), state(['a', urgent])], noon), at('22:00'));
});
