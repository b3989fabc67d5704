import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EnvironmentSpec } from '../environment/spec.ts';
import type { HostId } from '../ids.ts';
import type { Version } from '../versions.ts';
import { missingApprovals } from './approvals.ts';
import { changesOf, countChanges } from './changes.ts';
import { estimate } from './estimate.ts';
import { factsDifference, factsDigest, type PlanFacts, runningVersions, specFacts } from './facts.ts';
import { dueSteps, stepsNotUndone } from './way-back.ts';

const versions = ['1.0.0', '2.0.0', '10.0.0'] as Version[];
const anyHost = fc.record({
  components: fc.uniqueArray(
    fc.record({ component: fc.constantFrom('api', 'web'), version: fc.constantFrom(...versions) }),
    { selector: ({ component }) => component, maxLength: 2 },
  ),
});
const spec = (config: Record<string, unknown>, sealed?: Record<string, object>): EnvironmentSpec => ({
  name: 'acme/production',
  products: {
    shop: {
      components: { api: { where: 'all', config, after: [] } },
      ...(sealed === undefined ? {} : { sealed: sealed as never }),
    },
  },
  policy: { reportEverySeconds: 3600, keepPrevious: 1, maxUnavailable: '10%' },
});
const factsOf = (hosts: Parameters<typeof runningVersions>[0], own = spec({ port: 1 })): PlanFacts => ({
  spec: specFacts(own),
  products: { shop: { settled: versions[0] ?? null, newest: versions[0] ?? null } },
  components: Object.fromEntries(
    [...runningVersions(hosts)].map(([name, runs]) => [name, { runs, target: null }]),
  ),
  databases: {},
  back: { to: null, cannot: [] },
});

describe('facts of a plan', () => {
  it('are the same whoever and however many run a version, in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(anyHost, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        (hosts, order) => {
          const [...keys] = order.take(hosts.length);
          const shuffled = hosts
            .map((host, index) => ({ host, key: keys[index] ?? 0 }))
            .sort((a, b) => a.key - b.key);
          const more = [...shuffled.map(({ host }) => host), ...hosts];
          assert.equal(factsDigest(factsOf(more)), factsDigest(factsOf(hosts)));
        },
      ),
    );
  });

  it('are others where a version appears or the last one of it goes', () => {
    const one = { components: [{ component: 'api', version: '1.0.0' as Version }] };
    const other = { components: [{ component: 'api', version: '2.0.0' as Version }] };
    const [change] = factsDifference(factsOf([one]), factsOf([one, other]));
    assert.deepEqual(change, { fact: 'components.api.runs', from: '1.0.0', to: '1.0.0, 2.0.0' });
    assert.notEqual(factsDigest(factsOf([one])), factsDigest(factsOf([one, other])));
  });

  it('change with the configuration and not with sealed values', () => {
    const before = factsOf([]);
    const changed = factsOf([], spec({ port: 2 }));
    assert.notEqual(factsDigest(before), factsDigest(changed));
    assert.deepEqual(
      factsDifference(before, changed).map(({ fact }) => fact),
      ['spec.product/shop'],
    );
    assert.equal(
      factsDigest(factsOf([], spec({ port: 1 }, { api: { password: 'x' } }))),
      factsDigest(before),
    );
  });

  it('differ exactly where their digests do', () => {
    fc.assert(
      fc.property(fc.array(anyHost, { maxLength: 4 }), fc.array(anyHost, { maxLength: 4 }), (a, b) => {
        const isSame = factsDigest(factsOf(a)) === factsDigest(factsOf(b));
        assert.equal(factsDifference(factsOf(a), factsOf(b)).length === 0, isSame);
      }),
    );
  });
});

describe('approvals', () => {
  const word = (origin: string, ...groups: string[]) => ({ origin, groups });
  const ask = (rules: Parameters<typeof missingApprovals>[0]['rules'], fourEyes = false) => ({
    rules,
    fourEyes,
  });

  it('need one of any, each of all, and so many of a list', () => {
    const rules = [{ any: ['person/ann', 'group/ops'] }, { of: 2, from: ['group/ops', 'person/ann'] }];
    assert.deepEqual(missingApprovals(ask(rules), [], 'person/eve'), [
      'one of person/ann, group/ops',
      '2 people of group/ops, person/ann',
    ]);
    const ann = word('person/ann');
    assert.deepEqual(missingApprovals(ask(rules), [ann], 'person/eve'), [
      '1 more person of group/ops, person/ann',
    ]);
    assert.deepEqual(missingApprovals(ask(rules), [ann, word('oidc/i/bo', 'ops')], 'person/eve'), []);
    const all = [{ all: ['person/ann', 'person/bob'] }];
    assert.deepEqual(missingApprovals(ask(all), [ann], 'person/eve'), ['person/bob']);
  });

  it('count one person once', () => {
    const twice = [word('person/ann'), word('person/ann', 'ops')];
    assert.equal(missingApprovals(ask([{ of: 2 }]), twice, 'person/eve').length, 1);
  });

  it('with four eyes never count the author, and demand one word without rules', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('person/ann', 'person/bob', 'person/cyd')),
        fc.integer({ min: 1, max: 3 }),
        (said, of) => {
          const words = said.map((origin) => word(origin));
          const others = new Set(said.filter((origin) => origin !== 'person/ann'));
          const missing = missingApprovals(ask([{ of }], true), words, 'person/ann');
          assert.equal(missing.length === 0, others.size >= of);
        },
      ),
    );
    assert.equal(missingApprovals(ask([], true), [word('person/ann')], 'person/ann').length, 1);
    assert.deepEqual(missingApprovals(ask([], true), [word('person/bob')], 'person/ann'), []);
    assert.deepEqual(missingApprovals(ask([]), [], 'person/ann'), []);
  });
});

describe('what preparation says', () => {
  it('counts hosts by component and version before', () => {
    const host = (name: string, from: string | null) => ({
      id: name as HostId,
      name,
      runs: new Map(from === null ? [] : [['api', from as Version]]),
      given: new Map([['api', '2.0.0' as Version]]),
    });
    const changes = changesOf([host('a', '1.0.0'), host('b', null), host('c', '2.0.0'), host('d', '1.0.0')]);
    assert.deepEqual(countChanges(changes), [
      { component: 'api', from: null, to: '2.0.0', hosts: 1 },
      { component: 'api', from: '1.0.0', to: '2.0.0', hosts: 2 },
    ]);
  });

  it('judges time by the rounds of earlier deployments', () => {
    const rolling = { kind: 'rolling', maxUnavailable: 2 } as const;
    const earlier = [
      { strategy: rolling, hosts: 4, tookMs: 20_000 },
      { strategy: { kind: 'all-at-once' }, hosts: 9, tookMs: 30_000 },
    ] as const;
    assert.deepEqual(estimate(rolling, 7, earlier), {
      rounds: 4,
      roundMs: { middle: 10_000, least: 10_000, most: 30_000 },
    });
    assert.deepEqual(estimate(rolling, 7, []), { rounds: 4, roundMs: null });
  });

  it('names what a contract takes from the former version', () => {
    const step = (to: number, phase: 'expand' | 'contract') =>
      ({ to, phase, command: ['m'], fence: 'transaction', undo: { command: ['u'] } }) as const;
    const next = {
      component: 'db',
      migrations: {
        database: 'orders',
        accepts: { from: 1, to: 3 },
        steps: [step(1, 'expand'), step(2, 'expand'), step(3, 'contract')],
      },
    };
    const due = dueSteps([next], () => ({ oldest: 1, newest: 1 }));
    assert.deepEqual(
      due.map((one) => one.step.to),
      [2, 3],
    );
    const former = (to: number) => ({
      component: 'db',
      version: '1.0.0' as Version,
      migrations: { database: 'orders', accepts: { from: 0, to } },
    });
    assert.match(stepsNotUndone(due, [former(2)])[0] ?? '', /contract of orders to schema 3.*db 1\.0\.0/);
    assert.deepEqual(stepsNotUndone(due, [former(3)]), []);
  });
});
