import assert from 'node:assert/strict';
import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { identifyProcess } from '../state/process-identity.ts';
import { componentOf, reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a parent that answers news, or a timestamp, byte by byte without an end is left for another', async (context) => {
  const site = await Site.create(context);
  const dripping = await site.front();
  const honest = await site.front();
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const v2 = await site.publish('web', '2.0.0', { a: '2' });
  const v3 = await site.publish('web', '3.0.0', { a: '3' });
  const v4 = await site.publish('web', '4.0.0', { a: '4' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([dripping.url, honest.url]);
  await site.assign([{ release: one, package: v1 }]);
  await site.agent(host, {
    timing: {
      newsHoldMs: 1_500,
      timestampMs: 1_500,
      retryMinMs: 50,
      retryMaxMs: 200,
      returnToFirstMs: 300,
      reportCoalesceMs: 20,
    },
  });
  await reported(dripping, host, 'version 1', (report) => componentOf(report, 'web')?.version === '1.0.0');
  const drip = (...paths: readonly string[]): void =>
    dripping.intercept((request, response) => {
      if (!paths.some((path) => request.url?.includes(path) === true)) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
      return true;
    });
  const update = async (version: string, own: typeof v1): Promise<void> => {
    const release = await site.vendor.release(version, [own]);
    await site.assign([{ release, package: own }]);
    await waitFor(version, () =>
      [dripping, honest].some((front) => {
        const report = front.reports.get(host.identity.host);
        return report !== undefined && componentOf(report, 'web')?.version === version;
      }),
    );
  };
  drip('/news?');
  // It may come as the answer to a question that was held before; the next question drips.
  await update('2.0.0', v2);
  await update('3.0.0', v3);
  drip('/news?', '/timestamp.json');
  await update('4.0.0', v4);
});

test('a second agent on the same folder is refused, and a start that failed leaves no lock', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const host = await site.host([front.url]);
  const first = await site.agent(host);
  await assert.rejects(site.agent(host), { code: 'E_STATE_LOCKED' });
  await first.stop();
  // A file where a folder must be.
  const reports = join(host.stateFolder, 'reports');
  await rm(reports, { recursive: true });
  await writeFile(reports, '');
  await assert.rejects(site.agent(host));
  await rm(reports);
  const again = await site.agent(host);
  await waitFor('the parent', () => again.status().parent === front.url);
});

test('what a killed agent left half written does not pile up', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([front.url]);
  await site.assign([{ release: one, package: v1 }]);
  const first = await site.agent(host);
  await reported(front, host, 'the release', (report) => componentOf(report, 'web') !== undefined);
  await first.stop();
  const at = (...names: string[]): string => join(host.stateFolder, ...names);
  const left = [
    at('.tmp-accepted.json-0123456789ab'),
    at('.tmp-agent.lock.0123456789ab-0123456789ab'),
    at('agent.lock.0123456789ab'),
    at('identity', '.tmp-cert.pem-0123456789ab'),
    at('reports', '.tmp-newest.json-0123456789ab'),
    at('components', 'web', '.tmp-slot.json-0123456789ab'),
    at('components', 'web', 'trees', `.tmp-.incoming-${'a'.repeat(64)}.tree-0123456789ab`),
  ];
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const path of left) {
    await writeFile(path, 'half');
    await utimes(path, longAgo, longAgo);
  }
  const dead = at('.tmp-agent.lock.999999999-1.0123456789ab-0123456789ab');
  await writeFile(dead, 'just now, by who is gone');
  left.push(dead);
  const { pid, startTicks } = identifyProcess(process.pid) ?? assert.fail();
  const takers = [at('agent.lock.0123456789ff'), at(`agent.lock.${pid}-${startTicks}.0123456789ff`)];
  for (const taker of takers) await writeFile(taker, 'just now');
  const theirs = at('components', 'web', 'data', '.tmp-slot.json-0123456789ab');
  await mkdir(at('components', 'web', 'data'));
  await writeFile(theirs, 'not ours to judge');
  await site.agent(host);
  const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;
  for (const path of left) assert.equal(await exists(path), false, path);
  assert.ok(await exists(theirs));
  for (const taker of takers) assert.ok(await exists(taker), 'who is taking the lock now is left alone');
});
