import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostMapEntry } from '@xylem/core';
import { reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

const order = 'a'.repeat(32);

/** A host of one parent, which is told to go to another. */
async function toldToGo(t: Parameters<typeof Site.create>[0]) {
  const site = await Site.create(t);
  const [old, next] = [await site.front(), await site.front()];
  const host = await site.host([old.url]);
  const pages = await site.publish('pages', '1.0.0', { 'index.html': 'one' });
  await site.assign([{ release: await site.vendor.release('1.0.0', [pages]), package: pages }]);
  const entry = (more: Partial<HostMapEntry>): void => {
    site.hosts.set(host.identity.host, { labels: {}, ...more });
  };
  const agent = await site.agent(host);
  await waitFor('the first parent', () => agent.status().converged && agent.status().parent === old.url);
  const fault = (code: string) =>
    reported(old, host, code, ({ reparent, parent }) => reparent?.code === code && parent.url === old.url);
  return { site, old, next, host, agent, entry, fault };
}

test('a new parent is tested before the old one is left: its timestamp, objects, and that it takes reports', async (t) => {
  const { site, old, next, host, agent, entry, fault } = await toldToGo(t);
  const path = `r/${site.environment.id}/metadata/timestamp.json`;
  const former = await readFile(join(site.installation.repository.folder, path));
  next.intercept((request, response) => {
    if (request.url !== `/${path}`) return false;
    response.end(former);
    return true;
  });
  entry({ parents: [next.url], reparent: { order, from: [old.url] } });
  await site.direct();
  const behind = await fault('E_PARENT_STALE');
  assert.equal(behind.waiting.find(({ code }) => code === 'E_PARENT_STALE')?.component, null);
  assert.deepEqual(agent.parents(), [old.url, next.url]);

  next.intercept((request, response) => {
    if (request.url?.startsWith('/o/') !== true) return false;
    response.writeHead(404).end();
    return true;
  });
  await fault('E_OBJECT_MISSING');
  next.intercept((request, response) => {
    if (request.method !== 'POST') return false;
    response.writeHead(503).end();
    return true;
  });
  await fault('E_PARENT_UNREACHABLE');
  assert.equal(next.reports.size, 0, 'nothing of it was said to a parent that did not pass');

  next.intercept(null);
  const there = await reported(next, host, 'the new parent', ({ parent }) => parent.url === next.url);
  assert.equal(there.reparent?.order, order);
  assert.equal(there.reparent.code, undefined);
  assert.ok(!there.waiting.some(({ component }) => component === null));
  assert.deepEqual(agent.parents(), [next.url, old.url]);

  // The root server takes the order out; the host goes on where it is.
  entry({ parents: [next.url] });
  await site.direct();
  await reported(next, host, 'no order', (report) => report.reparent === undefined);
  assert.deepEqual(agent.parents(), [next.url]);
});

test('a host whose old parent dies before the new one passed goes to the new one all the same', async (t) => {
  const { site, old, next, host, entry, fault } = await toldToGo(t);
  next.intercept((request, response) => {
    if (request.url?.startsWith('/o/') !== true) return false;
    response.writeHead(404).end();
    return true;
  });
  entry({ parents: [next.url], reparent: { order, from: [] } });
  await site.direct();
  await fault('E_OBJECT_MISSING');
  await old.close();
  await reported(next, host, 'the new parent', ({ parent }) => parent.url === next.url);
});
