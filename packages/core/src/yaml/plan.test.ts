import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { issuesOf } from '../schema/check.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { parseSchema } from '../schema/supported.ts';
import { parsePlanYaml, planJsonSchema } from './index.ts';

const whole = `release: shop@2.4.0
soak: 1h
onFail: rollback
stages:
  - name: staging
    to: '*/staging'
  - name: first-ring
    to: ['*/production']
    where: ring = 1
    strategy: { kind: canary, steps: [1, 10%], bakeSeconds: 600 }
    soak: 24h
    ask: true
    atOnce: 5
    failures: 1
    onFail: rollback-plan
    tests: { jobs: [{ component: shop-api, job: smoke, hosts: 2 }], within: 30m }
    approvals:
      - any: [person/ann, group/ops]
    fourEyes: true
    gates: { change: required, after: { soak: 24h, incidents: none }, health: { atLeast: 95% } }
    schedule:
      notBefore: 2026-03-01T08:00:00+01:00
      windows:
        - { name: nights, zone: Europe/Berlin, start: 2026-03-01T22:00, duration: PT6H, rule: FREQ=DAILY }
      freezes:
        - { name: fair, zone: Europe/Berlin, start: 2026-04-01T00:00, end: 2026-04-05T00:00 }
  - to: '*/production'
change: CHG-1
`;

test('a whole file; what stands at the top holds where a stage says nothing else', () => {
  const plan = parsePlanYaml(whole, 'plan.yaml');
  assert.deepEqual(
    plan.stages.map(({ name, to, where }) => [name, to, where]),
    [
      ['staging', ['*/staging'], null],
      ['first-ring', ['*/production'], 'ring = 1'],
      ['stage-3', ['*/production'], null],
    ],
  );
  const [staging, ring, last] = plan.stages.map(({ rules }) => rules);
  assert.deepEqual(staging, { soakSeconds: 3600, atOnce: '10%', onFail: 'rollback' });
  assert.deepEqual(last, staging);
  assert.deepEqual(
    [ring?.soakSeconds, ring?.notBefore, ring?.ask, ring?.fourEyes, ring?.onFail, ring?.windows?.[0]?.rule],
    [86_400, '2026-03-01T07:00:00Z', true, true, 'rollback-plan', 'FREQ=DAILY'],
  );
  const { product, version, channel, isByOrder, change } = plan;
  assert.deepEqual([product, version, channel, isByOrder, change], ['shop', '2.4.0', null, false, 'CHG-1']);
});

test('a ring is judged as one, in a word or in full; an undeploy is not', () => {
  const file = (verdict: string, release = 'release: shop@2.4.0') =>
    parsePlanYaml(`${release}\nto: '*/production'\nverdict: ${verdict}\n`, 'plan.yaml').stages[0]?.rules
      .verdict;
  assert.deepEqual(file('ring'), { of: 'ring' });
  assert.deepEqual(file('{ bake: 2h, minimumExposure: 60, onNoData: wait }'), {
    of: 'ring',
    bakeSeconds: 7200,
    minimumExposure: 60,
    onNoData: 'wait',
  });
  assert.throws(() => file('ring', 'undeploy: shop'), /plan\.yaml:1:11: .*not judged ring by ring/);
  assert.throws(() => file('alone'), /plan\.yaml:3:10/);
});

test('gates hold where a stage names none, and must fit the rest of the plan', () => {
  const file = (top: string, gates = '') =>
    parsePlanYaml(
      `release: shop@2.4.0\n${top}\nstages:\n  - to: a/one\n  - { to: a/two${gates} }\n`,
      'plan.yaml',
    ).stages.map(({ rules }) => rules.gates);
  const none = { incidents: 'none' };
  assert.deepEqual(file('gates: { incidents: none }'), [none, none]);
  assert.deepEqual(file('gates: { incidents: none }', ', gates: { preflight: required }'), [
    none,
    { preflight: 'required' },
  ]);
  const refused = (top: string, gates: string, message: RegExp) =>
    assert.throws(() => file(top, gates), { code: 'E_INPUT', message });
  refused('change: CHG-1', ', gates: {}', /plan\.yaml:5:\d+: stages\[1\]\.gates: expected at least one gate/);
  refused(
    'gates: { change: required }',
    '',
    /plan\.yaml:2:\d+: gates\.change: expected with a change ticket/,
  );
  refused('gates: { after: none }', '', /plan\.yaml:2:\d+: gates\.after/);
  refused(
    'why: So.\nforces: [health]\ngates: { health: { atLeast: 9% } }',
    '',
    /gates\.health: .*does not force/,
  );
});

test('probes are names, or stand in the file themselves', () => {
  const file = (probes: string) =>
    parsePlanYaml(
      `release: shop@2.4.0\nto: a/b\nverification: { probes: ${probes}, for: 15m }\n`,
      'plan.yaml',
    ).stages[0]?.rules.verification;
  const front = { name: 'front', url: 'https://shop.example/', certificate: { minimumDays: 14 } };
  assert.deepEqual(file(`[own, ${JSON.stringify(front)}]`), { probes: ['own', front], seconds: 900 });
  assert.deepEqual(file('[own, own]'), { probes: ['own', 'own'], seconds: 900 }, 'as ever');
  const refused = (probes: string, message: RegExp) =>
    assert.throws(() => file(probes), { code: 'E_INPUT', message });
  refused(
    '[front, { name: front, url: https://a.b/ }]',
    /plan\.yaml:3:\d+: verification\.probes\[1\]\.name: .*another name/,
  );
  refused(
    '[{ name: a, url: http://a.b/, certificate: { minimumDays: 1 } }]',
    /probes\[0\]\.url: expected https/,
  );
  refused('[{ name: a, url: https://a.b/, from: hosts }]', /probes\[0\]/);
});

test('tests are a list, what policies name, or both with how long they are awaited', () => {
  const file = (tests: string, release = 'release: shop@2.4.0') =>
    parsePlanYaml(`${release}\nto: 'acme/*'\ntests: ${tests}\n`, 'plan.yaml').stages[0]?.tests;
  const smoke = { component: 'shop-api', job: 'smoke' };
  assert.deepEqual(file('[{ component: shop-api, job: smoke }]'), { jobs: [smoke], path: ['tests'] });
  assert.deepEqual(file('policy'), { jobs: 'policy', path: ['tests'] });
  assert.deepEqual(
    file(
      '{ jobs: [{ component: shop-api, job: smoke, where: role = web, hosts: all }], within: 30m, onNoData: stop }',
    ),
    {
      jobs: [{ ...smoke, where: 'role = web', hosts: 'all' }],
      withinSeconds: 1800,
      onNoData: 'stop',
      path: ['tests', 'jobs'],
    },
  );
  assert.throws(() => file('policy', 'undeploy: shop'), /plan\.yaml:1:11: .*not followed by tests/);
  assert.throws(
    () => file('{ jobs: policy, within: 31d }'),
    /plan\.yaml:3:\d+: tests\.within: expected at most 30d/,
  );
  assert.throws(
    () => file('[{ component: a, job: b }, { component: a, job: b, hosts: 2 }]'),
    /plan\.yaml:3:\d+: tests\[1\]: b of a is named twice/,
  );
  assert.throws(() => file('[{ component: a, job: b, where: role = }]'), /tests\[0\]\.where: not a selector/);
});

test('what is urgent says why, and may pass what it names', () => {
  const text =
    "release: shop@2.4.1\nto: 'acme/*'\nurgent: true\nwhy: A hole is open.\npasses: [locks]\ndeadline: 4h\n";
  const { urgent, why, passes, deadlineSeconds } = parsePlanYaml(text, 'plan.yaml');
  assert.deepEqual([urgent, why, passes, deadlineSeconds], [true, 'A hole is open.', ['locks'], 14_400]);
  for (const line of ['urgent: true\n', 'why: A hole is open.\n'])
    assert.throws(() => parsePlanYaml(text.replace(line, ''), 'plan.yaml'), {
      code: 'E_INPUT',
      message: /expected with a release that is urgent, and says why/,
    });
});

test('little is enough, and safe', () => {
  const plan = parsePlanYaml("release: shop/stable\nto: 'acme/*'\n", 'plan.yaml');
  assert.deepEqual([plan.version, plan.channel, plan.isByOrder], [null, 'stable', true]);
  assert.deepEqual(plan.stages[0]?.rules, { atOnce: '10%' });
  assert.equal(parsePlanYaml('undeploy: shop\nto: acme/test\n', 'plan.yaml').product, 'shop');
});

const bad: readonly (readonly [string, RegExp])[] = [
  ['to: acme/test\n', /plan\.yaml:1:1: .*expected either release/],
  ['release: shop@2.4.0\n', /expected either to, with environments, or stages/],
  ['release: shop@2.4\nto: acme/test\n', /plan\.yaml:1:10: release: expected a semantic version/],
  ['release: shop@2.4.0\nto: a/b\nverification: {}\n', /plan\.yaml:3:1: .*verification/],
  [
    'release: shop@2.4.0\nstages:\n  - to: a/b\n    soak: 1y\n',
    /plan\.yaml:4:11: stages\[0\]\.soak: expected a time/,
  ],
  ['release: shop@2.4.0\nstages:\n  - to: a/b\n    where: ring =\n', /plan\.yaml:4:12: .*not a selector/],
  [
    'release: shop@2.4.0\nstages:\n  - { name: a, to: a/b }\n  - { name: a, to: a/c }\n',
    /plan\.yaml:4:13: .*expected another name/,
  ],
  [
    'release: shop@2.4.0\nto: a/b\nschedule:\n  windows:\n    - { name: x, zone: UTC, start: 2026-03-01T22:00 }\n',
    /plan\.yaml:5:\d+: .*exactly one of duration and end/,
  ],
];

for (const [text, pattern] of bad) {
  test(`refused at its place: ${pattern.source}`, () => {
    assert.throws(() => parsePlanYaml(text, 'plan.yaml'), { code: 'E_INPUT', message: pattern });
  });
}

test('what an editor checks by takes the file, and says something of every key', () => {
  const { $schema, ...written } = JSON.parse(JSON.stringify(planJsonSchema())) as Record<string, unknown>;
  assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
  const schema = parseSchema(written) as JsonSchema;
  assert.deepEqual(issuesOf(schema, parse(whole)), []);
  const { properties = {} } = schema;
  const items = (properties.stages as JsonSchema).items as JsonSchema;
  const gates = properties.gates as JsonSchema;
  const named = [properties, items.properties, gates.properties].flatMap((keys = {}) => Object.entries(keys));
  assert.ok(named.some(([key]) => key === 'provenance'));
  for (const [key, one] of named) assert.ok((one as JsonSchema).description !== undefined, key);
});
