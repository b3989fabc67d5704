import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnvironmentId, type HostId, type Report, timeOf } from '@xylem/core';
import fc from 'fast-check';
import { fakeFacts, fakeReport } from '../testing/fake-host.ts';
import { keptReport, newestReport } from './kept-report.ts';

const moving = fc.record(
  {
    sequence: fc.nat(),
    time: fc.nat().map((seconds) => timeOf(seconds * 1000)),
    diskFreeBytes: fc.nat(),
    bytesDown: fc.nat(),
  },
  { requiredKeys: ['sequence', 'time', 'bytesDown'] },
);

const others: readonly Partial<Report>[] = [
  {},
  { agent: '9.9.9' as Report['agent'] },
  { direction: { snapshot: 7, number: 7 } },
  { parent: { url: 'https://10.0.0.9:8442', host: null } },
  { waiting: [{ component: null, code: 'E_NETWORK', message: '', since: timeOf(1) }] as never },
  { knows: ['preflight'] },
  { incarnation: 'f'.repeat(16) },
  { facts: { ...fakeFacts, boot: 'c'.repeat(32) } },
  { probes: [{ name: 'a', of: 'b', state: 'pass', reason: '', since: timeOf(1), at: timeOf(2) }] as never },
];

const reportOf = (
  { diskFreeBytes, bytesDown, ...numbered }: typeof moving extends fc.Arbitrary<infer One> ? One : never,
  said: Partial<Report>,
): Report => {
  const report = fakeReport({
    host: 'a'.repeat(32) as HostId,
    environment: 'b'.repeat(32) as EnvironmentId,
    name: 'web',
    incarnation: '0'.repeat(16),
    certificate: '',
    parent: { url: null, host: null },
    components: [],
    transfer: { bytesDown, bytesUp: 0, requests: 0, refusedObjects: 0 },
    ...numbered,
    ...said,
  });
  return diskFreeBytes === undefined ? report : { ...report, facts: { ...report.facts, diskFreeBytes } };
};

test('of two reports that differ in what moves alone the later is read from the document of the earlier', () => {
  fc.assert(
    fc.property(moving, moving, fc.constantFrom(...others), (one, other, said) => {
      const [before, report] = [reportOf(one, said), reportOf(other, said)];
      const after = keptReport(report);
      assert.equal(after.digest, keptReport(before).digest);
      assert.deepEqual(newestReport({ document: JSON.stringify(before), moving: after.moving }), report);
      assert.deepEqual(newestReport({ document: JSON.stringify(report), moving: null }), report);
    }),
  );
});

test('whatever else differs is another document', () => {
  const one = { sequence: 1, time: timeOf(1), bytesDown: 1 };
  const digests = new Set(others.map((said) => keptReport(reportOf(one, said)).digest));
  assert.equal(digests.size, others.length);
});
