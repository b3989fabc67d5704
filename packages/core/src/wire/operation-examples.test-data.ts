import { encodePlan, parsePlan } from '../plan/index.ts';
import { digest, type Example, environment, example, host, id, time } from './example-parts.test-data.ts';
import * as wire from './index.ts';

const pem =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';

/** What people and the root server write about deployments. */
export const operationExamples: Readonly<Record<string, Example>> = {
  plan: example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'deploy',
      version: '2.4.0',
      release: digest('release'),
      stages: [
        {
          name: 'staging',
          environments: [{ environment, name: 'acme/staging', facts: digest('facts of staging') }],
          soakSeconds: 3600,
          onFail: 'rollback',
        },
        {
          name: 'production',
          environments: [{ environment: host, name: 'acme/production', facts: digest('facts') }],
          strategy: { kind: 'rolling', maxUnavailable: '25%', maxFailed: 1 },
          approvals: [
            { any: ['person/ann', 'group/ops'] },
            { all: ['person/bob'] },
            { of: 2, from: ['group/ops', 'person/ann'] },
            { of: 1 },
          ],
        },
      ],
      skipUnfit: true,
      urgent: true,
      change: 'CHG-1234',
    },
    parsePlan,
    encodePlan,
  ),
  'plan-passes': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'deploy',
      version: '2.4.1',
      release: digest('release'),
      urgent: true,
      why: 'A hole is open.',
      passes: ['freezes:christmas', 'locks:shop-web', 'quotas'],
      stages: [
        { name: 'all', environments: [{ environment, name: 'acme/one', facts: digest('facts of one') }] },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  'plan-notify': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'undeploy',
      version: null,
      release: null,
      notify: { mail: ['board@acme.example'], topics: ['plan.*', 'deployment.failed'] },
      stages: [
        { name: 'all', environments: [{ environment, name: 'acme/one', facts: digest('facts of one') }] },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  'plan-verification': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'deploy',
      version: '2.4.0',
      release: digest('a release'),
      stages: [
        {
          name: 'edge',
          environments: [{ environment, name: 'acme/one', facts: digest('facts of one') }],
          verification: { probes: ['front', 'own'], seconds: 900 },
        },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  'plan-gates': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'deploy',
      version: '2.4.0',
      release: digest('a release'),
      change: 'CHG-1234',
      stages: [
        {
          name: 'production',
          environments: [{ environment, name: 'acme/one', facts: digest('facts of one') }],
          gates: {
            after: {
              stage: 'staging',
              soak: '24h',
              incidents: 'none',
              tests: [{ component: 'shop-api', job: 'smoke' }],
            },
            change: 'required',
            health: { atLeast: '95%' },
            incidents: 'acknowledged',
            preflight: 'required',
            provenance: {
              require: [{ predicateType: 'https://slsa.dev/provenance/v1', key: pem, builder: 'ci' }],
            },
          },
        },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  'plan-probes': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'deploy',
      version: '2.4.0',
      release: digest('a release'),
      stages: [
        {
          name: 'edge',
          environments: [{ environment, name: 'acme/one', facts: digest('facts of one') }],
          verification: {
            probes: [
              'own',
              {
                name: 'front',
                url: 'https://shop.example/health',
                expect: { status: 200, contains: 'welcome', maxMillis: 2000 },
                certificate: { minimumDays: 14 },
                everySeconds: 30,
                timeoutSeconds: 5,
              },
            ],
            seconds: 900,
          },
        },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  'plan-ring': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'deploy',
      version: '2.4.0',
      release: digest('a release'),
      stages: [
        {
          name: 'ring-1',
          environments: [{ environment, name: 'acme/one', facts: digest('facts of one') }],
          verdict: { of: 'ring', bakeSeconds: 3600, minimumExposure: 60, alpha: 0.01, onNoData: 'ask' },
        },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  'plan-tests': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'deploy',
      version: '2.4.0',
      release: digest('a release'),
      stages: [
        {
          name: 'staging',
          environments: [{ environment, name: 'acme/staging', facts: digest('facts of staging') }],
          tests: {
            jobs: [
              { component: 'shop-api', job: 'smoke' },
              { component: 'shop-web', job: 'links', where: 'role = web', hosts: 'all' },
              { component: 'shop-web', job: 'load', hosts: 2 },
            ],
            withinSeconds: 1800,
            onNoData: 'stop',
          },
        },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  'plan-stages': example(
    {
      format: 'xylem-plan-1',
      product: 'shop',
      kind: 'undeploy',
      version: null,
      release: null,
      purgeData: true,
      stages: [
        {
          name: 'ring-1',
          environments: [{ environment, name: 'acme/one', facts: digest('facts of one') }],
          ask: true,
          atOnce: '10%',
          failures: 2,
          fourEyes: true,
          onFail: 'rollback-plan',
          notBefore: '2026-03-01T07:00:00Z',
          windows: [
            {
              name: 'nights',
              zone: 'Europe/Berlin',
              start: '2026-03-01T22:00',
              duration: 'PT6H',
              rule: 'FREQ=DAILY',
            },
          ],
          freezes: [
            { name: 'fair', zone: 'Europe/Berlin', start: '2026-04-01T00:00', end: '2026-04-05T00:00' },
          ],
        },
      ],
    },
    parsePlan,
    encodePlan,
  ),
  operators: example(
    {
      format: 'xylem-operators-1',
      environment,
      number: 2,
      threshold: 1,
      keys: [{ public: Buffer.alloc(32, 5).toString('base64url'), name: 'carla' }],
    },
    wire.parseOperators,
    wire.encodeOperators,
  ),
  'quarantine-lift': example(
    {
      format: 'xylem-quarantine-lift-1',
      environment,
      product: 'shop',
      release: digest('release 2'),
      version: '2.4.0',
      quarantine: id('9a'),
      reason: 'The alarm was false.',
      issued: time,
    },
    wire.parseLift,
    wire.encodeLift,
  ),
  notification: example(
    {
      format: 'xylem-notification-1',
      type: 'deployment.failed',
      timestamp: time,
      data: {
        tenant: 'acme',
        environment: 'acme/production',
        subject: 'deployment/d-0123456789ab',
        message: '3 of 10 hosts failed.',
        details: { deployment: 'd-0123456789ab', product: 'shop', version: '2.4.0', from: null },
      },
    },
    wire.parseNotification,
    wire.encodeNotification,
  ),
};
