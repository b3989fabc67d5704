import { type Envelope, encodeReport, type HostId, type Report, reportPayloadType } from '@xylem/core';
import type { JoinedHost } from '@xylem/testkit/builders';
import { signEnvelope } from '@xylem/trust';
import type { SpooledReport } from '../spool/fold.ts';

const usual = '0123456789abcdef';

/** A report of this host, signed by it. */
export function reportOf({ identity }: JoinedHost, sequence: number, incarnation = usual): unknown {
  const { host, environment, name, key } = identity;
  const payload = payloadOf({ host, environment: environment.id, name, incarnation, sequence });
  return JSON.parse(Buffer.from(signEnvelope(reportPayloadType, payload, key)).toString());
}

/** A report as a spool takes it, by nobody's key. */
export function spooledReport(n: number, sequence: number, single = false): SpooledReport {
  const host = n.toString(16).padStart(32, '0') as HostId;
  const number = { host, environment: 'a'.repeat(32), incarnation: usual, sequence };
  const envelope: Envelope = {
    payload: Buffer.from(payloadOf({ ...number, name: `host-${n}` })).toString('base64'),
    payloadType: reportPayloadType,
    signatures: [{ keyid: host, sig: Buffer.alloc(64).toString('base64') }],
  };
  return { ...number, single, envelope };
}

function payloadOf(
  said: Readonly<Record<'host' | 'environment' | 'name' | 'incarnation', string>> & {
    readonly sequence: number;
  },
): Uint8Array {
  const report = {
    format: 'xylem-report-1',
    ...said,
    time: '2026-11-21T03:28:06Z',
    agent: '0.1.0',
    facts: {
      os: 'linux',
      osVersion: '12',
      arch: 'x64',
      node: '26.10.0',
      cores: 2,
      memoryBytes: 1,
      diskFreeBytes: 1,
    },
    direction: { snapshot: 0, number: 0 },
    releases: {},
    parent: { url: null, host: null },
    components: [],
    waiting: [],
    transfer: { bytesDown: 0, bytesUp: 0, requests: 0, refusedObjects: 0 },
  };
  return encodeReport(report as unknown as Report);
}

export const batchOf = (...reports: unknown[]): string =>
  JSON.stringify({ format: 'xylem-reports-1', reports });
