import assert from 'node:assert/strict';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '@xylem/core';
import { freePort } from '@xylem/testkit';
import { componentOf, reported, Site, webService } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

const answerOf = async (port: number): Promise<string> =>
  await fetch(`http://127.0.0.1:${port}/`)
    .then((answer) => answer.text())
    .catch(() => 'nothing');

test('a release arrives by news, is updated, and reported with a watermark', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const [web, api] = [webService('1.0.0', port), webService('2.0.0', port)];
  const files1 = await site.publish('web', '1.0.0', { 'index.html': 'one', same: 'same' });
  const files2 = await site.publish('web', '2.0.0', { 'index.html': 'two', same: 'same' });
  const api1 = await site.publish('api', '1.0.0', web.files, web.document);
  const api2 = await site.publish('api', '2.0.0', api.files, api.document);
  const one = await site.vendor.release('1.0.0', [files1, api1]);
  const host = await site.host([front.url]);
  await site.assign([
    { release: one, package: files1 },
    { release: one, package: api1 },
  ]);
  const agent = await site.agent(host);
  const first = await reported(front, host, 'the first release', (report) => {
    return componentOf(report, 'api')?.healthy === true && componentOf(report, 'web')?.version === '1.0.0';
  });
  assert.match(first.certificate ?? '', /^-----BEGIN CERTIFICATE-----/, 'a restored root server needs it');
  assert.equal(componentOf(first, 'api')?.state, 'running');
  assert.equal(await answerOf(port), '1.0.0');
  const current = join(host.stateFolder, 'components', 'web', 'current');
  assert.equal(await readFile(join(current, 'index.html'), 'utf8'), 'one');

  const two = await site.vendor.release('2.0.0', [files2, api2]);
  await site.assign([
    { release: two, package: files2 },
    { release: two, package: api2 },
  ]);
  const second = await reported(front, host, 'the second release', (report) => {
    const running = componentOf(report, 'api');
    return (
      running?.version === '2.0.0' &&
      running.healthy === true &&
      componentOf(report, 'web')?.version === '2.0.0'
    );
  });
  assert.equal(componentOf(second, 'api')?.previous, api1.package);
  assert.equal(await answerOf(port), '2.0.0');
  assert.equal(await readFile(join(current, 'index.html'), 'utf8'), 'two');
  assert.ok(front.requests.some((request) => request.startsWith('GET /news?since=')));
  await waitFor('convergence', () => agent.status().converged);
  await waitFor('the watermark', async () => {
    const spool = JSON.parse(await readFile(join(host.stateFolder, 'reports', 'state.json'), 'utf8'));
    return spool.covered === front.reports.get(host.identity.host)?.sequence;
  });

  await site.assign([]);
  await reported(front, host, 'an empty host', (report) => report.components.length === 0);
  assert.equal(await answerOf(port), 'nothing');
  assert.equal(await readlink(current).catch(() => 'gone'), 'gone');
});

test('within a bake a host says when it reports again, and does, though nothing has changed', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const web = await site.publish('web', '1.0.0', { 'index.html': 'one' });
  const release = await site.vendor.release('1.0.0', [web]);
  const host = await site.host([front.url]);
  await site.assign([{ release, package: web, bakeSeconds: 3 }]);
  await site.agent(host);
  const promising = await reported(front, host, 'a promise', (report) => {
    return componentOf(report, 'web')?.again !== undefined;
  });
  assert.ok((componentOf(promising, 'web')?.again ?? 0) <= 3);
  const kept = await reported(front, host, 'the end of the bake', (report) => {
    return (
      componentOf(report, 'web')?.state === 'installed' && !('again' in (componentOf(report, 'web') ?? {}))
    );
  });
  assert.ok(kept.sequence > promising.sequence);
});

test('a version that does not become healthy goes back to the former one, and is not tried again', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const good = webService('1.0.0', port);
  const bad = webService('2.0.0', port, { status: 500, startTimeoutMs: 4_000 });
  const api1 = await site.publish('api', '1.0.0', good.files, good.document);
  const api2 = await site.publish('api', '2.0.0', bad.files, bad.document);
  const one = await site.vendor.release('1.0.0', [api1]);
  const two = await site.vendor.release('2.0.0', [api2]);
  const host = await site.host([front.url]);
  await site.assign([{ release: one, package: api1 }]);
  await site.agent(host);
  await reported(front, host, 'the good version', (report) => componentOf(report, 'api')?.healthy === true);
  await site.assign([{ release: two, package: api2 }]);
  const report = await reported(front, host, 'the refusal', (latest) => {
    const api = componentOf(latest, 'api');
    return api?.refused !== undefined && api.version === '1.0.0' && api.healthy === true;
  });
  const api = componentOf(report, 'api');
  assert.equal(api?.refused?.package, api2.package);
  assert.equal(api?.refused?.code, 'E_HEALTH_FAILED');
  assert.match(api?.refused?.message ?? '', /status 500/);
  assert.equal(await answerOf(port), '1.0.0');
});

test('without any parent a host starts what it last accepted, and says that nobody answers', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const { files, document } = webService('1.0.0', port);
  const api = await site.publish('api', '1.0.0', files, document);
  const one = await site.vendor.release('1.0.0', [api]);
  const host = await site.host([front.url]);
  await site.assign([{ release: one, package: api }]);
  const agent = await site.agent(host);
  await reported(front, host, 'the release', (report) => componentOf(report, 'api')?.healthy === true);
  await agent.stop();
  await front.close();
  const { stopServices } = await import('../supervisor/stop-services.ts');
  const { silentLog, systemClock } = await import('@xylem/platform');
  assert.equal(await stopServices({ stateFolder: host.stateFolder, clock: systemClock, log: silentLog }), 1);
  assert.equal(await answerOf(port), 'nothing');
  const again = await site.agent(host);
  await waitFor('the service', async () => (await answerOf(port)) === '1.0.0');
  await waitFor('the reason', () =>
    again.status().waiting.some(({ code }) => code === 'E_PARENT_UNREACHABLE'),
  );
});

test('that the parent is back is known before anything new is out', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const api = await site.publish('web', '1.0.0', { a: '1' });
  const one = await site.vendor.release('1.0.0', [api]);
  const host = await site.host([front.url]);
  await site.assign([{ release: one, package: api }]);
  const agent = await site.agent(host);
  await reported(front, host, 'the release', (report) => componentOf(report, 'web')?.version === '1.0.0');
  const isSaid = (): boolean => agent.status().waiting.some(({ code }) => code === 'E_PARENT_UNREACHABLE');
  await front.close();
  await waitFor('that it is gone', isSaid);
  await site.front({ port: front.port, holdMs: 50_000 });
  await waitFor('that it is back', () => !isSaid());
});

test('what a parent announces and does not have is asked of the next one at once', async (context) => {
  const site = await Site.create(context);
  const first = await site.front();
  const second = await site.front();
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const v2 = await site.publish('web', '2.0.0', { a: '2' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([first.url, second.url]);
  await site.assign([{ release: one, package: v1 }]);
  await site.agent(host);
  await reported(first, host, 'version 1', (report) => componentOf(report, 'web')?.version === '1.0.0');
  const asked: string[] = [];
  first.intercept(({ url = '' }, response) => {
    if (!url.startsWith('/o/')) return false;
    asked.push(url);
    return Boolean(response.writeHead(404).end());
  });
  const two = await site.vendor.release('2.0.0', [v2]);
  await site.assign([{ release: two, package: v2 }]);
  const isThere = () =>
    [first, second].some(({ reports }) => {
      const report = reports.get(host.identity.host);
      return report !== undefined && componentOf(report, 'web')?.version === '2.0.0';
    });
  await waitFor('version 2', isThere);
  assert.ok(asked.length > 0);
  assert.deepEqual(asked, [...new Set(asked)], 'nothing is asked of it twice');
});

test('where news can’t be held, a host polls; the second parent serves while the first is dead, and the first again', async (context) => {
  const site = await Site.create(context);
  const first = await site.front({ withoutNews: true });
  const second = await site.front({ withoutNews: true });
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const v2 = await site.publish('web', '2.0.0', { a: '2' });
  const v3 = await site.publish('web', '3.0.0', { a: '3' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([first.url, second.url]);
  await site.assign([{ release: one, package: v1 }]);
  const agent = await site.agent(host);
  await reported(first, host, 'version 1', (report) => componentOf(report, 'web')?.version === '1.0.0');
  await first.close();
  const two = await site.vendor.release('2.0.0', [v2]);
  await site.assign([{ release: two, package: v2 }]);
  const report = await reported(
    second,
    host,
    'version 2',
    (latest) => componentOf(latest, 'web')?.version === '2.0.0',
  );
  assert.equal(report.parent.url, second.url);
  const revived = await site.front({ withoutNews: true, port: first.port });
  await waitFor('the return to the first', () => agent.status().parent === revived.url);
  const three = await site.vendor.release('3.0.0', [v3]);
  await site.assign([{ release: three, package: v3 }]);
  await reported(revived, host, 'version 3', (latest) => componentOf(latest, 'web')?.version === '3.0.0');
});

test('a held question to the second parent ends when the first may be asked again', async (context) => {
  const site = await Site.create(context);
  const first = await site.front();
  const second = await site.front({ holdMs: 300_000 });
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const one = await site.vendor.release('1.0.0', [v1]);
  let isLacking = true;
  first.intercept((request, response) => {
    if (!isLacking || request.url?.startsWith('/r') !== true) return false;
    response.writeHead(404).end();
    return true;
  });
  const host = await site.host([first.url, second.url]);
  await site.assign([{ release: one, package: v1 }]);
  const agent = await site.agent(host);
  await waitFor('the held question', () => second.requests.some((line) => line.startsWith('GET /news?')));
  assert.equal(agent.status().parent, second.url);
  isLacking = false;
  await waitFor('the return to the first', () => agent.status().parent === first.url);
});

test('a host takes nothing that the publisher does not vouch for, has withdrawn, or has set the floor above', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const v2 = await site.publish('web', '2.0.0', { a: '2' });
  const other = await site.publish('web', '1.0.0', { a: 'not in any release' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const two = await site.vendor.release('2.0.0', [v2]);
  const host = await site.host([front.url]);
  await site.assign([{ release: two, package: v2 }]);
  await site.agent(host);
  const has = (version: string, code: string) => (report: Report) =>
    componentOf(report, 'web')?.version === version && report.waiting.some((one) => one.code === code);
  await reported(front, host, 'version 2', (report) => componentOf(report, 'web')?.version === '2.0.0');
  await site.assign([{ release: one, package: other }]);
  await reported(front, host, 'not vouched', has('2.0.0', 'E_NOT_VOUCHED'));
  await site.vendor.rule({ withdrawn: [one] });
  await site.assign([{ release: one, package: v1 }]);
  await reported(front, host, 'withdrawn', has('2.0.0', 'E_WITHDRAWN'));
  await site.vendor.rule({ withdrawn: [], floor: '1.5.0' as never });
  await site.assign([{ release: one, package: v1 }]);
  await reported(front, host, 'below the floor', has('2.0.0', 'E_BELOW_FLOOR'));
});

test('what a lying parent gives is refused, said, and fetched from another', async (context) => {
  const site = await Site.create(context);
  const liar = await site.front();
  const honest = await site.front();
  const v1 = await site.publish('web', '1.0.0', { 'large.bin': { noiseBytes: 300_000 } });
  const one = await site.vendor.release('1.0.0', [v1]);
  const [pack = ''] = v1.packs;
  liar.intercept((request, response) => {
    if (!request.url?.endsWith(pack)) return false;
    const [, from = '0', to = '0'] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    const length = Number(to) - Number(from) + 1;
    response.writeHead(206, { 'content-range': `bytes ${from}-${to}/*`, 'content-length': length });
    response.end(Buffer.alloc(length, 7));
    return true;
  });
  const host = await site.host([liar.url, honest.url]);
  await site.assign([{ release: one, package: v1 }]);
  await site.agent(host);
  const report = await waitFor('the tree', () => {
    const all = [liar, honest].map((front) => front.reports.get(host.identity.host));
    return all.find((found) => found !== undefined && componentOf(found, 'web')?.version === '1.0.0');
  });
  assert.ok(report.transfer.refusedObjects > 0);
  assert.ok(honest.requests.some((request) => request.includes(pack)));
});

test('a moved host pulls from its new parents, and installs nothing again', async (context) => {
  const site = await Site.create(context);
  const first = await site.front();
  const second = await site.front();
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([first.url]);
  await site.assign([{ release: one, package: v1 }]);
  const agent = await site.agent(host);
  await reported(first, host, 'version 1', (report) => componentOf(report, 'web')?.version === '1.0.0');
  await waitFor('the commit', () => agent.status().converged);
  const slot = join(host.stateFolder, 'components', 'web', 'slot.json');
  const { since } = JSON.parse(await readFile(slot, 'utf8'));
  site.hosts.set(host.identity.host, { labels: {}, parents: [second.url] });
  await site.direct();
  await waitFor('the new parent', () => agent.status().parent === second.url);
  await first.close();
  const after = await reported(second, host, 'a report', (report) => report.parent.url === second.url);
  assert.equal(componentOf(after, 'web')?.since, since);
});

test('a parent without this environment is left, one that is behind is kept, and a new one is asked at once', async (context) => {
  const site = await Site.create(context);
  const [lacking, behind, ahead] = [await site.front(), await site.front(), await site.front()];
  lacking.intercept((request, response) => {
    // Nor does it take reports: whoever is in standing just then gets them.
    if (request.url?.startsWith('/r') !== true) return false;
    response.writeHead(404).end();
    return true;
  });
  const v1 = await site.publish('web', '1.0.0', { a: '1' });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([lacking.url, ahead.url]);
  await site.assign([{ release: one, package: v1 }]);
  const timestampPath = `/r/${site.environment.id}/metadata/timestamp.json`;
  const old = await site.installation.repository.readFile(timestampPath.slice(1));
  const agent = await site.agent(host);
  await reported(
    ahead,
    host,
    'the release',
    (report) => report.parent.url === ahead.url && report.components.length === 1,
  );
  let isBehind = true;
  behind.intercept((request, response) => {
    if (!isBehind || request.url !== timestampPath) return false;
    response.writeHead(200).end(old);
    return true;
  });
  site.hosts.set(host.identity.host, { labels: {}, parents: [behind.url, ahead.url] });
  await site.direct();
  await waitFor('the parent that is behind', () => agent.status().parent === behind.url);
  await waitFor('its word on other parents', () => behind.requests.includes('GET /parents'));
  isBehind = false;
  await site.assign([]);
  await reported(behind, host, 'the removal', (report) => report.components.length === 0);
});
