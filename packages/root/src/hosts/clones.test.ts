import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOf } from '@xylem/core';
import fc from 'fast-check';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { type BootStart, judgeBoot } from './clones.ts';

/** What a root server says to reports in this order of arrival. */
function judged(reports: readonly { boot: string; sequence: number }[]): string[] {
  const starts: { boot: string; first: number }[] = [];
  let highest = 0;
  return reports.map(({ boot, sequence }) => {
    const report: BootStart & { sequence: number } = { boot, first: sequence, sequence };
    const verdict = judgeBoot(starts, report, highest);
    if (verdict.kind === 'starts') {
      const known = starts.find((start) => start.boot === boot);
      if (known === undefined) starts.push({ boot, first: verdict.first });
      else known.first = verdict.first;
    }
    highest = Math.max(highest, sequence);
    return verdict.kind;
  });
}

test('reports of one machine never look like those of two, in whatever order they arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (boots, keys) => {
        let sequence = 0;
        const reports = boots.flatMap((count, boot) =>
          Array.from({ length: count }, () => {
            sequence += 1;
            return { boot: `b${boot}`, sequence };
          }),
        );
        const order = reports.map((report) => ({ report, key: keys.next().value as number }));
        order.sort((a, b) => a.key - b.key);
        const arrived = [...order.map(({ report }) => report), ...reports];
        assert.equal(judged(arrived).includes('copy'), false);
      },
    ),
  );
});

test('two machines that count on from one number are seen, also when one is far ahead', () => {
  const a = (sequence: number) => ({ boot: 'a', sequence });
  const b = (sequence: number) => ({ boot: 'b', sequence });
  assert.deepEqual(judged([a(1), a(2), b(3), a(3)]), ['starts', 'known', 'starts', 'copy']);
  assert.deepEqual(judged([a(1), a(9), b(3)]), ['starts', 'known', 'copy']);
  assert.deepEqual(judged([a(1), b(2), a(3)]), ['starts', 'starts', 'copy']);
});

test('a copied host is marked with what was seen, said everywhere, and cleared by an operator', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 9 } });
  const host = await fakeHost(root, token, { name: 'a' });
  const other = await fakeHost(root, token, { name: 'b' });
  const facts = (boot: string) => ({
    facts: {
      os: 'linux',
      osVersion: '12',
      arch: 'x64',
      node: 'v26',
      cores: 2,
      memoryBytes: 1,
      boot: boot.repeat(32),
    },
  });
  const shown = async () => (await root.api('hostShow', { params: { host: 'a' } })).cloned;
  await host.report([], facts('a'));
  await other.report([], facts('c'));
  // Restarted, and a report from before that comes late.
  const late = await host.nextReport(facts('a'));
  await host.report([], facts('b'));
  assert.equal(await host.bring(late, late), 202);
  assert.equal(await shown(), null);
  // The copy counts on from where it was copied.
  assert.equal(await host.bring(await host.nextReport(facts('a'))), 202);
  const seen = await shown();
  assert.match(seen?.what ?? '', /Report 4, through https:\/\/.*, is by another machine/);
  assert.match(
    (await root.api('hostWhy', { params: { host: 'a' } })).answer,
    /Two machines have the key of a/,
  );
  assert.equal((await root.api('status')).cloned, 1);
  assert.equal((await root.api('hostShow', { params: { host: 'b' } })).cloned, null);
  await host.report([], facts('b'));
  assert.deepEqual(await shown(), seen);
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  assert.equal(entries.filter(({ entry }) => entry['what'] === 'host.cloned').length, 1);
  assert.equal((await root.api('hostClearClone', { body: { select: { hosts: ['a', 'b'] } } })).changed, 1);
  await host.report([], facts('b'));
  assert.equal(await shown(), null);
});

test('two different reports of one number are a copy, the same one twice is none', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const shown = async () => (await root.api('hostShow', { params: { host: 'a' } })).cloned;
  const result = {
    outcome: 'passed',
    exitCode: 0,
    seconds: 1,
    output: { text: 'all is well', sizeBytes: 11 },
  };
  const job = { id: 'a'.repeat(32), component: 'web', job: 'check', package: 'b'.repeat(64) };
  const ran = { ...job, state: 'ended', since: timeOf(1), result } as never;
  const first = await host.nextReport({ jobs: [ran] });
  const second = await host.nextReport({ sequence: 1, agent: '0.2.0' as never });
  assert.equal(await host.bring(first), 202);
  assert.equal(await host.bring(first), 202);
  assert.equal(await shown(), null);
  assert.equal(await host.bring(second), 202);
  assert.match((await shown())?.what ?? '', /Two different reports have the number 1/);
});
