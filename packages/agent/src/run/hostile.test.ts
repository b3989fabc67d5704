import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { componentOf, reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a parent that answers news, or a timestamp, byte by byte without an end is left for another', async (context) => {
  const site = await Site.create(context);
  const dripping = await site.front();
  const honest = await site.front();
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const v2 = await site.publish('web', '2.0.0', { a: '2' });
  const v3 = await site.publish('web', '3.0.0', { a: '3' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([dripping.url, honest.url]);
  await site.assign([{ release: one, package: v1 }]);
  await site.agent(host, {
    timing: {
      newsHoldMs: 300,
      timestampMs: 300,
      retryMinMs: 50,
      retryMaxMs: 200,
      returnToFirstMs: 300,
      reportCoalesceMs: 20,
    },
  });
  await reported(dripping, host, 'version 1', (report) => componentOf(report, 'web')?.version === '1.0.0');
  const drip = (path: string): void =>
    dripping.intercept((request, response) => {
      if (request.url?.includes(path) !== true) return false;
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
  await update('2.0.0', v2);
  drip('/timestamp.json');
  await update('3.0.0', v3);
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
