/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import { encodePlan, parsePlan } from '../plan/index.ts';
import { encodeTree, parseTree } from '../tree/index.ts';
import {
  b64u,
  certificate,
  desiredState,
  digest,
  domain,
  type Example,
  envelope,
  environment,
  example,
  host,
  id,
  joinBody,
  report,
  time,
  tree,
  treeDigest,
  trustMap,
} from './example-parts.test-data.ts';
import * as wire from './index.ts';
import { jobExamples } from './job-examples.test-data.ts';
import { migrationExamples } from './migration-examples.test-data.ts';
import { packageExamples } from './package-examples.test-data.ts';

export const examples: Readonly<Record<string, Example>> = {
  ...jobExamples,
  ...migrationExamples,
  ...packageExamples,
  tree: { encoded: tree, parse: parseTree, encode: encodeTree as Example['encode'] },
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
  'pack-index': {
    encoded: wire.encodePackIndex([
      [
        8,
        61_001,
        150_000,
        [
          [digest('big 1'), 70_000],
          [digest('big 2'), 80_000],
        ],
      ],
      [
        61_009,
        9,
        8,
        [
          [digest('hello\n'), 6],
          [digest('x\n'), 2],
        ],
      ],
      [61_018, 400, tree.length, [[treeDigest, tree.length]]],
    ]),
    parse: (input) => wire.parsePackIndex(input).frames,
    encode: wire.encodePackIndex as Example['encode'],
  },
  offer: example(
    {
      format: 'xylem-offer-1',
      tree: treeDigest,
      treeChunks: [[treeDigest, tree.length]],
      packs: [[digest('pack'), 61_800]],
      frames: [
        [0, 61_018, 400, tree.length, [[0, 1, 0]]],
        [0, 8, 61_001, 150_000, [[1, 2, 0]]],
        [0, 61_009, 9, 8, [[3, 2, 0]]],
      ],
    },
    (input) =>
      wire.parseOffer(input instanceof Uint8Array ? input : new TextEncoder().encode(JSON.stringify(input))),
    wire.encodeOffer,
  ),
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
  release: example(
    {
      format: 'xylem-release-1',
      product: 'shop',
      version: '2.4.0',
      domain,
      issued: time,
      notes: 'Faster search.\nÄltere Browser.',
      packages: [
        { component: 'shop-api', version: '2.4.0', package: digest('package 2'), after: [] },
        { component: 'shop-web', version: '1.9.0', package: digest('package web'), after: ['shop-api'] },
      ],
    },
    wire.parseRelease,
    wire.encodeRelease,
  ),
  channel: example(
    {
      format: 'xylem-channel-1',
      product: 'shop',
      channel: 'stable',
      version: '2.4.0',
      release: digest('release'),
      issued: time,
    },
    wire.parseChannel,
    wire.encodeChannel,
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
  signing: example(
    {
      format: 'xylem-signing-1',
      environment: { id: environment, name: 'acme/production' },
      operators: { ...envelope, payloadType: wire.operatorsPayloadType },
      document: { payloadType: wire.liftPayloadType, payload: envelope.payload, signatures: [] },
    },
    wire.parseSigning,
    wire.encodeSigning,
  ),
  'report-quarantine': example(
    { ...report, quarantine: { operators: 2, held: [id('9a')] } },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-release': example(
    { ...report, components: report.components.map((one) => ({ ...one, release: '2.4.0' })) },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-reverts': example(
    {
      ...report,
      reverts: [
        {
          product: 'shop',
          reason: 'checkout fails',
          since: report.time,
          by: 'anna as root',
          kept: [{ component: 'shop-api', version: '2.3.0' }],
        },
      ],
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-adoption': example(
    {
      ...report,
      observing: { since: report.time, by: 'anna as root', orders: true },
      adoptions: [
        {
          component: 'shop-api',
          order: id('ad'),
          outcome: 'differs',
          at: report.time,
          by: 'the director',
          version: '2.3.0',
          code: 'E_ADOPT_DIFFERS',
          message: 'shop-api was not adopted.',
          differences: { count: 2, extra: 1, named: [{ path: 'main.js', what: 'has other bytes' }] },
        },
      ],
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  'host-map-leaf-adopt': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          adopt: { 'shop-api': { order: id('ad') }, 'shop-web': { order: id('ae'), undo: true } },
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-undo': example(
    {
      format: 'xylem-hostmap-1',
      hosts: { [host]: { labels: {}, undo: { shop: '2026-11-21T03:00:00Z' } } },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-branch': example(
    { format: 'xylem-hostmap-1', children: { 0: digest('child 0'), f: digest('child f') } },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          name: 'web-1',
          labels: { role: 'web', site: 'muc', 'app.tier': 'front end' },
          parents: ['https://relay-1.muc.example:7443'],
          pins: { 'shop-api': digest('package 1') },
          config: { 'shop-api': { port: 9090 } },
          serve: true,
        },
        [id('a1')]: { labels: {}, retired: true },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-keys': example(
    {
      format: 'xylem-hostmap-1',
      hosts: { [host]: { labels: {}, keys: { 3: Buffer.from('age-encryption.org/v1').toString('base64') } } },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'report-recipient': example(
    {
      ...report,
      secrets: {
        recipient: 'age1zq2wfkpzczsa2v3ly7ljsmchje24z48eza96r6qvxv8al8thwgfqaa75er',
        key: Buffer.alloc(32, 3).toString('base64url'),
        signature: Buffer.alloc(64, 7).toString('base64url'),
      },
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  recipient: example(
    {
      format: 'xylem-recipient-1',
      host,
      environment,
      recipient: 'age1zq2wfkpzczsa2v3ly7ljsmchje24z48eza96r6qvxv8al8thwgfqaa75er',
    },
    wire.parseRecipient,
    wire.encodeRecipient,
  ),
  'host-map-leaf-move': example(
    {
      format: 'xylem-hostmap-1',
      hosts: { [host]: { labels: {}, move: { environment: id('e5'), name: 'acme/staging' } } },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-leave': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: { role: 'web' },
          leave: { environment: id('e5'), keepData: true, parents: ['https://relay.globex:8442'] },
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  news: example(
    {
      format: 'xylem-news-1',
      changed: [{ environment, snapshot: 1_795_231_686, timestamp: b64u('{"signed":{}}') }],
    },
    wire.parseNews,
    wire.encodeNews,
  ),
  'news-file': example(
    {
      format: 'xylem-news-file-1',
      environment,
      from: 1_795_231_600,
      to: 1_795_231_686,
      files: { [`r/${environment}/metadata/1795231686.snapshot.json`]: '{"signed":{}}' },
      absent: [`r/${environment}/metadata/2.root.json`],
    },
    wire.parseNewsFile,
    wire.encodeNewsFile,
  ),
  'trust-map': example(trustMap, wire.parseTrustMap, wire.encodeTrustMap),
  join: example(
    { format: 'xylem-join-1', token: '0123456789abcdef', request: b64u('{}'), mac: b64u('x'.repeat(32)) },
    wire.parseJoin,
    wire.encodeJoin,
  ),
  'join-request': example(
    {
      csr: b64u('DER'),
      name: 'web-1',
      serve: false,
      nonce: b64u('sixteen bytes ok'),
      facts: { os: 'linux', cores: 2 },
    },
    wire.parseJoinRequest,
    wire.encodeJoinRequest,
  ),
  'join-answer': example(
    { format: 'xylem-join-answer-1', answer: b64u('{}'), mac: b64u('y'.repeat(32)) },
    wire.parseJoinAnswer,
    wire.encodeJoinAnswer,
  ),
  'join-answer-body': example(joinBody, wire.parseJoinAnswerBody, wire.encodeJoinAnswerBody),
  renew: example({ format: 'xylem-renew-1', csr: b64u('DER') }, wire.parseRenew, wire.encodeRenew),
  'renew-answer': example({ certificate, ca: certificate }, wire.parseRenewAnswer, wire.encodeRenewAnswer),
  'renew-answer-name': example(
    { certificate, ca: certificate, name: 'globex/production' },
    wire.parseRenewAnswer,
    wire.encodeRenewAnswer,
  ),
  'renew-move': example(
    { format: 'xylem-renew-1', csr: b64u('DER'), environment: id('e5') },
    wire.parseRenew,
    wire.encodeRenew,
  ),
  rekey: example(
    { format: 'xylem-rekey-1', host, csr: b64u('DER'), previous: b64u('x'.repeat(64)) },
    wire.parseRekey,
    wire.encodeRekey,
  ),
  parents: example(
    {
      format: 'xylem-parents-1',
      self: { url: 'https://relay-1.muc.example:7443', host: id('a1') },
      siblings: ['https://relay-2.muc.example:7443'],
      above: ['https://root.example:7443'],
    },
    wire.parseParents,
    wire.encodeParents,
  ),
  report: example(report, wire.parseReport, wire.encodeReport),
  'report-boot': example(
    { ...report, facts: { ...report.facts, boot: id('b0') } },
    wire.parseReport,
    wire.encodeReport,
  ),
  reports: example(
    { format: 'xylem-reports-1', reports: [envelope] },
    wire.parseReportBatch,
    wire.encodeReportBatch,
  ),
  taken: example(
    { format: 'xylem-taken-1', watermarks: [{ ...envelope, payloadType: wire.watermarkPayloadType }] },
    wire.parseTaken,
    wire.encodeTaken,
  ),
  watermark: example(
    { format: 'xylem-watermark-1', host, incarnation: '00112233aabbccdd', sequence: 42, time },
    wire.parseWatermark,
    wire.encodeWatermark,
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
