import { encodeReport, type Report, reportPayloadType } from '@xylem/core';
import type { JoinedHost } from '@xylem/testkit/builders';
import { signEnvelope } from '@xylem/trust';

/** A report of this host, signed by it. */
export function reportOf(
  { identity }: JoinedHost,
  sequence: number,
  incarnation = '0123456789abcdef',
): unknown {
  const report = {
    format: 'xylem-report-1',
    host: identity.host,
    environment: identity.environment.id,
    incarnation,
    sequence,
    time: '2026-11-21T03:28:06Z',
    agent: '0.1.0',
    name: identity.name,
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
  const payload = encodeReport(report as unknown as Report);
  return JSON.parse(Buffer.from(signEnvelope(reportPayloadType, payload, identity.key)).toString());
}

export const batchOf = (...reports: unknown[]): string =>
  JSON.stringify({ format: 'xylem-reports-1', reports });
