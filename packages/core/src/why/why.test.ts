import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configDigest, everyone, nobody } from '../direction/index.ts';
import { defaultPolicy } from '../environment/spec.ts';
import type { Digest } from '../ids.ts';
import type { Report } from '../wire/report.ts';
import { type WhyInput, why, whyAnswer, whySteps } from './why.ts';

const wanted = 'b'.repeat(64) as Digest;
const time = '2026-11-21T03:28:06Z';
const found = (more: object = {}): object => ({
  component: 'api',
  product: 'shop',
  version: '2.0.0',
  package: wanted,
  state: 'running',
  healthy: true,
  since: time,
  config: configDigest({ port: 80 }),
  ...more,
});
const report = (more: object = {}): Report =>
  ({
    time,
    direction: { number: 17 },
    parent: { url: 'https://relay:1' },
    waiting: [],
    components: [found()],
    ...more,
  }) as unknown as Report;
const assignment = (more: object = {}) => ({
  component: 'api',
  product: 'shop',
  version: '2.0.0',
  package: wanted,
  config: { port: 80 },
  pinned: false,
  ...more,
});
const input = (more: object = {}): WhyInput =>
  ({
    product: 'shop',
    host: { id: 'a'.repeat(32), retired: false },
    spec: {
      name: 'acme/production',
      products: { shop: { components: { api: { where: 'role = web', config: {}, after: [] } } } },
      policy: defaultPolicy,
    },
    release: { version: '2.0.0', digest: 'c'.repeat(64) },
    withdrawn: false,
    quarantined: null,
    deployment: null,
    standing: null,
    held: false,
    stratum: null,
    pinned: [],
    direction: { assignments: [assignment()], held: [] },
    number: 17,
    report: report(),
    now: Date.parse(time) + 60_000,
    silentAfterMs: 3_600_000,
    ...more,
  }) as unknown as WhyInput;
const deployment = (more: object = {}) => ({
  id: 'd1',
  kind: 'deploy',
  state: 'running',
  reason: null,
  to: { version: '2.0.0' },
  salt: 'c2FsdHNhbHQ',
  threshold: nobody,
  ...more,
});

test('a host that is where it should be says so in every link, in the order of the chain', () => {
  const links = why(input());
  assert.deepEqual(
    links.map(({ step }) => step),
    whySteps,
  );
  assert.ok(
    links.every(({ status }) => status === 'ok'),
    JSON.stringify(links),
  );
  assert.equal(whyAnswer(links), 'It runs what it should.');
});

test('a host that runs what the present direction gives it need not have said that it saw it', () => {
  const links = why(input({ report: report({ direction: { number: 16 } }) }));
  assert.equal(whyAnswer(links), 'It runs what it should.');
  const link = links.find(({ step }) => step === 'direction');
  assert.match(link?.sentence ?? '', /seen direction 16 by .*; the present one, 17, gives it what it runs\./);
});

test('the first link that is not right is the answer', () => {
  for (const [more, step, status, sentence] of [
    [{ release: null }, 'release', 'waiting', /No release of shop has been chosen for acme\/production/],
    [{ withdrawn: true }, 'release', 'failed', /shop@2\.0\.0 has been withdrawn/],
    [
      { quarantined: 'by anna: it loses orders' },
      'release',
      'failed',
      /shop@2\.0\.0 is quarantined in acme\/production by anna.*E_QUARANTINED/,
    ],
    [{ host: { id: 'a'.repeat(32), retired: true } }, 'mapping', 'failed', /retired/],
    [
      { spec: { name: 'x/y', products: {}, policy: defaultPolicy } },
      'mapping',
      'failed',
      /does not name shop/,
    ],
    [
      { direction: { assignments: [], held: [] } },
      'mapping',
      'failed',
      /No selector of shop.*api where role = web/,
    ],
    [{ direction: { assignments: [], held: ['api'] } }, 'mapping', 'waiting', /api is pinned on this host/],
    [
      { direction: { assignments: [], held: ['api'] }, pinned: ['by olga since noon: ticket 7'] },
      'mapping',
      'waiting',
      /kept as installed: by olga since noon: ticket 7\./,
    ],
    [
      { direction: { assignments: [assignment({ pinned: true })], held: [] } },
      'mapping',
      'waiting',
      /Pinned on this host: api at 2\.0\.0/,
    ],
    [
      { deployment: deployment({ state: 'paused', reason: 'by olga.' }) },
      'deployment',
      'waiting',
      /d1 to shop@2\.0\.0 is paused: by olga\./,
    ],
    [
      { deployment: deployment({ state: 'failed', reason: '1 host of 3 failed.' }) },
      'deployment',
      'failed',
      /is failed: 1 host of 3 failed\./,
    ],
    [
      { deployment: deployment(), standing: 'waiting' },
      'admission',
      'waiting',
      /turn in the deployment has not come/,
    ],
    [
      { deployment: deployment({ threshold: everyone }), standing: 'waiting' },
      'admission',
      'waiting',
      /admitted, but has been offline/,
    ],
    [
      { deployment: deployment(), standing: 'waiting', held: true },
      'admission',
      'waiting',
      /offline when its turn came/,
    ],
    [{ deployment: deployment(), standing: 'silent' }, 'admission', 'waiting', /silent since/],
    [{ report: null }, 'direction', 'waiting', /never reported/],
    ...[
      [found({ package: 'd'.repeat(64) })],
      [found({ config: configDigest({ port: 81 }) })],
      [found({ config: undefined })],
      [found(), found({ component: 'old' })],
      [],
    ].map(
      (components) =>
        [
          { report: report({ direction: { number: 16 }, components }) },
          'direction',
          'waiting',
          /seen direction 16 by https:\/\/relay:1, the present one is 17/,
        ] as const,
    ),
    [{ now: Date.parse(time) + 7_200_000 }, 'direction', 'waiting', /its last report is 120 minutes old/],
    [
      {
        report: report({
          waiting: [{ component: 'api', code: 'E_NOT_VOUCHED', message: 'nobody signed it', since: time }],
        }),
      },
      'trust',
      'failed',
      /refuses: nobody signed it \(E_NOT_VOUCHED/,
    ],
    [{ report: report({ components: [] }) }, 'components', 'waiting', /api 2\.0\.0 is not installed yet/],
    [
      {
        report: report({
          components: [found({ package: 'd'.repeat(64), version: '1.0.0' })],
          waiting: [{ component: null, code: 'E_DISK_FULL', message: '3 MB missing', since: time }],
        }),
      },
      'components',
      'waiting',
      /api is at 1\.0\.0, to become 2\.0\.0: 3 MB missing \(E_DISK_FULL/,
    ],
    [
      {
        report: report({
          components: [
            found({
              package: 'd'.repeat(64),
              refused: { package: wanted, code: 'E_HEALTH_FAILED', message: 'answered 500' },
            }),
          ],
        }),
      },
      'components',
      'failed',
      /refused on the host: answered 500 \(E_HEALTH_FAILED\)/,
    ],
    [{ report: report({ components: [found({ healthy: false })] }) }, 'components', 'failed', /not healthy/],
    [
      { report: report({ components: [found({ state: 'stopped' })] }) },
      'components',
      'waiting',
      /is stopped/,
    ],
    [
      { report: report({ components: [found(), found({ component: 'old' })] }) },
      'components',
      'waiting',
      /old 2\.0\.0 is still there/,
    ],
  ] as const) {
    const links = why(input(more));
    const first = links.find((link) => link.status !== 'ok');
    assert.deepEqual([first?.step, first?.status], [step, status], JSON.stringify(links));
    assert.match(whyAnswer(links), sentence);
    assert.ok(
      links.every(({ sentence: text }) => /^\S.*\.$/.test(text)),
      JSON.stringify(links),
    );
  }
});

test('what is pinned as installed is neither to come nor to go', () => {
  const pinned = { direction: { assignments: [], held: ['api'] }, deployment: deployment(), held: true };
  const links = why(input(pinned)).filter(({ step }) => step === 'admission' || step === 'components');
  assert.deepEqual(
    links.map(({ status, sentence }) => [status, sentence]),
    [
      ['waiting', 'It takes no part in the deployment while it is pinned.'],
      ['ok', `api 2.0.0 is running and healthy since ${time}.`],
    ],
  );
});
