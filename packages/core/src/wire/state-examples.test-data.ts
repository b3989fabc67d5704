import {
  desiredState,
  digest,
  type Example,
  envelope,
  example,
  id,
  time,
} from './example-parts.test-data.ts';
import * as wire from './index.ts';

/** What environments are directed to. */
export const stateExamples: Readonly<Record<string, Example>> = {
  'desired-state-windows': example(
    {
      ...desiredState,
      format: 'xylem-desired-state-2',
      needs: ['quotas', 'windows'],
      assignments: desiredState.assignments.map((one) => ({ ...one, urgent: true })),
      policy: {
        ...desiredState.policy,
        windows: [
          {
            name: 'nights',
            zone: 'Europe/Berlin',
            start: '2026-01-05T01:00',
            duration: 'PT4H',
            rule: 'FREQ=WEEKLY;BYDAY=MO,TU',
            where: 'role = web',
          },
        ],
        freezes: [
          { name: 'christmas', zone: 'Europe/Berlin', start: '2026-12-18T00:00', end: '2027-01-04T00:00' },
        ],
        urgentPassesFreezes: true,
        quota: { changes: 3, hours: 24 },
      },
    },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-urgent': example(
    {
      ...desiredState,
      assignments: desiredState.assignments.map((one) => ({
        ...one,
        urgent: true,
        passes: ['freezes', 'locks'],
      })),
    },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-overrides': example(
    {
      ...desiredState,
      assignments: desiredState.assignments.map((one) => ({
        ...one,
        urgent: true,
        passes: ['locks'],
        overrides: ['freezes:christmas', 'locks', 'quotas', 'windows'],
      })),
    },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-drift': example(
    { ...desiredState, policy: { ...desiredState.policy, drift: 'report' } },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-verify': example(
    {
      ...desiredState,
      policy: {
        ...desiredState.policy,
        verify: [
          {
            name: 'own',
            of: 'a1'.repeat(8),
            url: 'https://shop.example/health',
            where: 'role = web',
            here: true,
            expect: { status: 200, contains: 'welcome', maxMillis: 2000 },
            certificate: { minimumDays: 14 },
            everySeconds: 30,
            timeoutSeconds: 5,
          },
          { name: 'public', of: 'b2'.repeat(8), url: 'https://shop.example/health' },
        ],
      },
    },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-bake': example(
    { ...desiredState, assignments: desiredState.assignments.map((one) => ({ ...one, bakeSeconds: 1800 })) },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-switched': example(
    { ...desiredState, assignments: desiredState.assignments.map((one) => ({ ...one, switched: 2 })) },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-through': example(
    {
      ...desiredState,
      format: 'xylem-desired-state-2',
      needs: ['transitions'],
      through: {
        shop: [
          {
            release: digest('a waypoint'),
            version: '2.0.0',
            packages: [
              { component: 'shop-api', package: digest('shop-api at the waypoint'), version: '2.0.0' },
            ],
          },
        ],
      },
    },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-lock': example(
    { ...desiredState, policy: { ...desiredState.policy, lockAtMostSeconds: 7200 } },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state': example(desiredState, wire.parseDesiredState, wire.encodeDesiredState),
  'desired-state-revoked': example(
    { ...desiredState, number: 18, revoked: [{ host: id('c3'), until: time }] },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
  'desired-state-quarantined': example(
    {
      ...desiredState,
      number: 19,
      quarantined: [
        { product: 'shop', release: digest('release 2'), version: '2.4.0', id: id('9a'), since: time },
      ],
      lifts: [{ ...envelope, payloadType: wire.liftPayloadType }],
      operators: [{ ...envelope, payloadType: wire.operatorsPayloadType }],
    },
    wire.parseDesiredState,
    wire.encodeDesiredState,
  ),
};
