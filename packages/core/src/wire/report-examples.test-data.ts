import { type Example, envelope, example, host, id, report, time } from './example-parts.test-data.ts';
import * as wire from './index.ts';

const proofs = {
  format: 'xylem-proofs-1',
  signed: { ...envelope, payloadType: wire.jointWatermarkPayloadType },
  proofs: [
    {
      host,
      incarnation: '00112233aabbccdd',
      sequence: 42,
      index: 6,
      path: Buffer.alloc(64, 5).toString('base64url'),
    },
  ],
};

/** What hosts report. */
export const reportExamples: Readonly<Record<string, Example>> = {
  'report-quarantine': example(
    { ...report, quarantine: { operators: 2, held: [id('9a')] } },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-probes': example(
    {
      ...report,
      probes: [
        {
          name: 'own',
          of: 'a1'.repeat(8),
          state: 'fail',
          reason: 'status 503 instead of 200',
          since: report.time,
          at: report.time,
        },
      ],
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-carried': example(
    {
      ...report,
      serves: {
        url: 'https://relay.example:8442',
        children: [],
        carried: [
          {
            host: host,
            hour: { requests: 72, sentBytes: 48_000, receivedBytes: 9_000 },
            day: { requests: 1_730, sentBytes: 1_204_000_000, receivedBytes: 216_000 },
          },
          {
            host: null,
            hour: { requests: 0, sentBytes: 0, receivedBytes: 0 },
            day: { requests: 3, sentBytes: 12_000, receivedBytes: 3_000 },
          },
        ],
      },
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-superseded': example(
    { ...report, serves: { url: 'https://relay.example:8442', children: [], superseded: 1204 } },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-superseded-total': example(
    {
      ...report,
      supersededTotal: 12,
      serves: {
        url: 'https://relay.example:8442',
        children: [],
        superseded: 1204,
        supersededTotal: 8428,
      },
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-release': example(
    { ...report, components: report.components.map((one) => ({ ...one, release: '2.4.0' })) },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-config': example(
    { ...report, components: report.components.map((one) => ({ ...one, config: 'c0'.repeat(32) })) },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-again': example(
    { ...report, components: report.components.map((one) => ({ ...one, again: 1790 })) },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-retry': example(
    {
      ...report,
      components: report.components.map((one) => ({
        ...one,
        ...(one.refused === undefined ? {} : { refused: { ...one.refused, retry: id('4e') } }),
      })),
    },
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
  report: example(report, wire.parseReport, wire.encodeReport),
  'report-came': example(
    {
      ...report,
      components: report.components.map((one) => ({
        ...one,
        came: { from: `${id('c4')}${id('c4')}`, bytes: 2_206_112 },
      })),
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-boot': example(
    { ...report, facts: { ...report.facts, boot: id('b0') } },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-addresses': example(
    { ...report, facts: { ...report.facts, addresses: ['10.1.2.3', '2001:db8:1:2::'] } },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-reparent': example(
    { ...report, reparent: { order: id('4e'), tried: 3, code: 'E_PARENT_STALE', message: 'It is behind.' } },
    wire.parseReport,
    wire.encodeReport,
  ),
  'report-reparent-passed': example(
    { ...report, reparent: { order: id('4e'), tried: 1 } },
    wire.parseReport,
    wire.encodeReport,
  ),
  reports: example(
    { format: 'xylem-reports-1', reports: [envelope] },
    wire.parseReportBatch,
    wire.encodeReportBatch,
  ),
  look: example(
    { format: 'xylem-look-1', reports: [{ host, incarnation: '00112233aabbccdd', sequence: 42 }] },
    wire.parseLook,
    wire.encodeLook,
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
  'joint-watermark': example(
    { format: 'xylem-joint-watermark-1', count: 1_000, digest: 'ab'.repeat(32), time },
    wire.parseJointWatermark,
    wire.encodeJointWatermark,
  ),
  proofs: example(proofs, wire.parseProofs, wire.encodeProofs),
  'taken-joint': example(
    {
      format: 'xylem-taken-1',
      watermarks: [],
      joint: { signed: proofs.signed, leftOut: [1], higher: [{ report: 2, sequence: 43 }] },
    },
    wire.parseTaken,
    wire.encodeTaken,
  ),
  'taken-proofs': example(
    { format: 'xylem-taken-1', watermarks: [], proofs: [proofs] },
    wire.parseTaken,
    wire.encodeTaken,
  ),
};
