import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jcs } from '../jcs.ts';
import { advance, advanceBy } from './advance.ts';
import { applyDecisions, marking, resumed } from './apply.ts';
import type { Deployment, HostEvidence, Strategy } from './deployment.ts';
import { deployment, host, MINUTE, newPackage, oldPackage, policy, runs, START } from './fleet.test-data.ts';
import { Tally } from './tally.ts';
import { type Overview, overviewOf, type Turn } from './turns.ts';

const judging = { minimumExposure: 1, alpha: 0.01, onFail: 'stop', onNoData: 'wait' } as const;
const limits = { maxUnavailable: 3, maxFailed: '100%' } as const;
const strategies: readonly Strategy[] = [
  { kind: 'all-at-once' },
  { kind: 'rolling', ...limits, per: 'site' },
  { kind: 'rolling', maxUnavailable: '20%' },
  { kind: 'rolling', ...limits, ...judging, bakeSeconds: 600, onNoData: 'ask' },
  { kind: 'canary', ...limits, ...judging, steps: [1, '50%'], bakeSeconds: 300 },
  { kind: 'canary', ...limits, ...judging, steps: ['30%'], bakeSeconds: 0, per: 'site' },
  {
    kind: 'canary',
    ...limits,
    ...judging,
    steps: [2],
    bakeSeconds: 300,
    metrics: [{ name: 'errors', test: { kind: 'limit', share: 0.1 } }],
  },
];
const sites = ['muc', 'ber', 'ham', null] as const;
const of = fc.nat(15);
/** What may become of a host, whether a deployment brings it about or not. */
const changes: fc.Arbitrary<Partial<HostEvidence>> = fc.oneof(
  fc.record({ stratum: fc.constantFrom(...sites) }),
  fc.record({ keptBack: fc.boolean() }),
  fc.constantFrom<Partial<HostEvidence>>(
    { promised: true },
    { components: [] },
    { components: ['api'] },
    { skipped: true },
    { held: true, admittedAt: null },
    { failedAt: START, doneAt: null },
    { failedAt: null },
  ),
);
const happenings = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('report' as const),
        of,
        runs: fc.constantFrom(newPackage, newPackage, newPackage, oldPackage),
        healthy: fc.constantFrom(true, true, true, false, null),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('change' as const), of, to: changes }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('removal' as const), of }) },
    {
      weight: 4,
      // A clock that goes back too.
      arbitrary: fc.record({
        kind: fc.constant('time' as const),
        ms: fc.oneof(fc.integer({ min: 0, max: 25 * MINUTE }), fc.constantFrom(-MINUTE, 300_000, 600_000)),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'resume' as const }) },
  ),
  { maxLength: 40 },
);

const idsOf = (turns: Iterable<Turn>) =>
  Array.from(turns, ({ host: { id }, standing }) => `${id} ${standing}`);
const byText = (values: Iterable<unknown>): string[] => Array.from(values, jcs).sort();

/** All that is decided from, in one form for both. */
function said(overview: Overview, { canary }: Deployment) {
  const { strata, ...counts } = overview.counts;
  return {
    counts,
    strata: byText([...strata]),
    hosts: byText(overview.hosts()),
    all: idsOf(overview.all()),
    waiting: idsOf(overview.waiting((stratum) => stratum === 'ber')),
    bakeEnd: overview.nextBakeEnd(canary?.since ?? 0),
    skipped: byText(overview.skipped()),
  };
}

for (const kind of ['deploy', 'undeploy'] as const) {
  test(`a tally that is kept through a ${kind} says what one made anew from the same hosts says, and the same is decided`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...strategies), happenings, (strategy, happened) => {
        let now = START;
        let state = deployment(kind, strategy);
        const tally = new Tally(state, policy, now);
        for (let n = 0; n < 12; n += 1) tally.set(host(n, { stratum: sites[n % 4] ?? null }));
        for (const event of happened) {
          if (event.kind === 'time') now += event.ms;
          if (event.kind === 'resume' && state.state === 'paused') state = resumed(state);
          tally.at(now);
          if ('of' in event) {
            const { id } = host(event.of);
            const known = tally.get(id) ?? host(event.of);
            if (event.kind === 'removal') tally.remove(id);
            else if (event.kind === 'change') tally.set({ ...known, ...event.to });
            else {
              const reported = [runs(event.runs, event.healthy)];
              tally.set({ ...known, lastReport: now, lastSeen: now, reported });
            }
          }
          const anew = overviewOf(state, tally.hosts(), now, policy);
          assert.deepEqual(said(tally, state), said(anew, state));
          const decided = advanceBy(state, tally, now, policy);
          assert.equal(jcs(decided), jcs(advance(state, tally.hosts().toReversed(), now, policy)));
          // What was only supposed is forgotten.
          assert.deepEqual(said(tally, state), said(anew, state));
          const after = marking(decided.decisions, now);
          for (const one of tally.hosts()) if (after(one) !== one) tally.set(after(one));
          state = applyDecisions(state, decided.decisions);
        }
      }),
      { numRuns: 150 },
    );
  });
}
