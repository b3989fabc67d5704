import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import type { Report } from '@xylem/core';
import { type Clock, systemClock } from '@xylem/platform';
import { comparisonTiming } from '@xylem/store';
import type { AgentTiming } from '../options.ts';
import { stateLayout } from '../state/layout.ts';
import { componentOf, quick, reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

const timing: Partial<AgentTiming> = { ...quick, secondLookMs: 100, parentBehindMs: 300, newsHoldMs: 3_000 };

/** A host of version 1.0.0 whose first parent is one of two; `next` brings the next version. */
async function ofTwo(context: TestContext) {
  const site = await Site.create(context);
  const [first, second] = [await site.front({ holdMs: 200 }), await site.front({ holdMs: 200 })];
  const timestampPath = `/r/${site.environment.id}/metadata/timestamp.json`;
  let version = 0;
  const next = async (): Promise<string> => {
    version += 1;
    const own = await site.publish('web', `${version}.0.0`, { a: `${version}` });
    const release = await site.vendor.release(own.version, [own]);
    await site.assign([{ release, package: own }]);
    return own.version;
  };
  const host = await site.host([first.url, second.url]);
  await next();
  /** A report that fits, whichever of the two it was brought to. */
  const says = (what: string, fits: (report: Report) => boolean): Promise<Report> =>
    waitFor(what, () => {
      const reports = [first, second].map((front) => front.reports.get(host.identity.host));
      return reports.find((report) => report !== undefined && fits(report)) ?? false;
    });
  const has = (wanted: string): Promise<Report> =>
    says(wanted, (report) => componentOf(report, 'web')?.version === wanted);
  const timestamp = async (): Promise<Buffer> =>
    (await site.installation.repository.readFile(timestampPath.slice(1))) ?? assert.fail();
  return { site, first, second, host, next, says, has, timestamp, timestampPath };
}

const frameBytes = 1024 * 1024;

const isNews = (url: string | undefined): boolean => url?.startsWith('/news?') === true;
const nothingNew = JSON.stringify({ format: 'xylem-news-1', changed: [] });

for (const [what, shows] of [
  ['shows old metadata and says that nothing is new', (old: Buffer) => ({ status: 200, body: old })],
  ['withholds this environment', () => ({ status: 404, body: '' })],
] as const)
  test(`a parent that ${what} is left for one that has more, said, and taken again when it has as much`, async (context) => {
    const { site, first, host, next, says, has, timestamp, timestampPath } = await ofTwo(context);
    const agent = await site.agent(host, { timing });
    await has('1.0.0');
    const answer = shows(await timestamp());
    let isFrozen = true;
    let asked = 0;
    first.intercept((request, response) => {
      if (!isFrozen) return false;
      if (isNews(request.url)) {
        asked += 1;
        setTimeout(() => response.end(nothingNew), 100);
      } else if (request.url === timestampPath) response.writeHead(answer.status).end(answer.body);
      else return false;
      return true;
    });
    await waitFor('a question that it holds', () => asked > 0);
    await next();
    await has('2.0.0');
    await says('why its parent was left', ({ waiting }) =>
      waiting.some(
        ({ code, message }) => code === 'E_PARENT_BEHIND' && message.startsWith(`${first.url} showed `),
      ),
    );
    isFrozen = false;
    await waitFor('the first again', () => agent.status().parent === first.url && agent.status().converged);
    await says('that it is over', ({ waiting }) => waiting.length === 0);
  });

test('a sibling that shows what it does not give chases nobody away, and is asked no more', async (context) => {
  const { site, first, second, host, next, has, timestamp, timestampPath } = await ofTwo(context);
  const agent = await site.agent(host, { timing });
  await has('1.0.0');
  const forged = JSON.parse((await timestamp()).toString()) as {
    signed: { version: number; meta: Record<string, { version: number }> };
  };
  forged.signed.version += 1_000_000;
  forged.signed.meta['snapshot.json'] = { version: forged.signed.version };
  let asked = 0;
  second.intercept((request, response) => {
    if (request.url !== timestampPath) return false;
    asked += 1;
    response.writeHead(200).end(JSON.stringify(forged));
    return true;
  });
  // The look that found it, then the one that was to settle it.
  await waitFor('its word to be tried', () => asked >= 2);
  const before = first.requests.length;
  await waitFor('the first to be asked on', () => first.requests.length > before + 10);
  assert.equal(agent.status().parent, first.url);
  assert.ok(!agent.status().waiting.some(({ code }) => code === 'E_PARENT_BEHIND'));
  const settled = asked;
  await next();
  await has('2.0.0');
  assert.ok(asked <= settled + 1, `${asked} after ${settled}`);
});

test('a parent that never answers a held question is left', async (context) => {
  const { site, first, host, next, has } = await ofTwo(context);
  await site.agent(host, { timing: { ...timing, newsHoldMs: 500, secondLookMs: 3_600_000 } });
  await has('1.0.0');
  let isHeld = false;
  first.intercept((request) => {
    isHeld ||= isNews(request.url);
    return isNews(request.url);
  });
  await waitFor('a question that it holds', () => isHeld);
  await next();
  await has('2.0.0');
});

test('a parent that trickles objects is left for a faster one for these alone', async (context) => {
  const { site, first, second, host, has } = await ofTwo(context);
  const own = await site.publish('web', '2.0.0', { a: { noiseBytes: 3 * frameBytes, seed: 1 } });
  const release = await site.vendor.release(own.version, [own]);
  let dripped = 0;
  first.intercept((request, response) => {
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    const [begin, end] = [Number(range?.[1]), Number(range?.[2])];
    if (range === null || end - begin < frameBytes) return false;
    dripped += 1;
    response.writeHead(206, { 'content-range': `bytes ${begin}-${end}/*` });
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
    return true;
  });
  const comparison = { ...comparisonTiming, afterMs: 100 };
  const agent = await site.agent(host, { timing: { ...timing, comparison } });
  await has('1.0.0');
  await site.assign([{ release, package: own }]);
  await has('2.0.0');
  assert.equal(dripped, 1);
  assert.ok(second.requests.some((request) => request.includes('/o/')));
  assert.equal(agent.status().parent, first.url);
});

test('a full parent is left at once, and asked again when it said so', async (context) => {
  const { site, first, host, next, has } = await ofTwo(context);
  await site.agent(host, { timing });
  await has('1.0.0');
  let refused = 0;
  first.intercept((request, response) => {
    if (request.url?.startsWith('/watermarks') === true) return false;
    refused += 1;
    response.writeHead(503, { 'retry-after': '3600' }).end();
    return true;
  });
  await waitFor('the first refusal', () => refused > 0);
  await next();
  await has('2.0.0');
  const after = refused;
  await next();
  await has('3.0.0');
  assert.equal(refused, after, 'it was not asked again before that');
});

test('a parent whose disk is full is left for direction and reports, keeps its place for objects, and comes back', async (context) => {
  const { site, first, second, host, next, has } = await ofTwo(context);
  const agent = await site.agent(host, { timing: { ...timing, secondLookMs: 3_600_000 } });
  await has('1.0.0');
  first.full(12 * 60_000);
  await waitFor('the next parent', () => agent.status().parent === second.url);
  const [said] = agent.status().waiting;
  assert.equal(said?.code, 'E_PARENT_FULL');
  assert.ok(said?.message.startsWith(`The disk of ${first.url} is full since `), said?.message);
  const before = first.requests.length;
  await next();
  await reported(second, host, 'the report', (report) => componentOf(report, 'web')?.version === '2.0.0');
  const since = first.requests.slice(before);
  assert.ok(since.some((line) => line.includes('/o/')));
  assert.ok(!since.some((line) => line.includes('/r/') || line.endsWith('/reports')), since.join('\n'));
  assert.equal(agent.status().parent, second.url, 'it is asked whether it is full, and no more');
  first.full(null);
  await waitFor('the first again', () => agent.status().parent === first.url && agent.status().converged);
  assert.deepEqual(agent.status().waiting, []);
});

test('the only parent stays in use though its disk is full', async (context) => {
  const site = await Site.create(context);
  const only = await site.front();
  only.full(0);
  const host = await site.host([only.url]);
  const pages = await site.publish('pages', '1.0.0', { a: '1' });
  await site.assign([]);
  const agent = await site.agent(host, { timing });
  await waitFor('its word', () => agent.status().waiting.some(({ code }) => code === 'E_PARENT_FULL'));
  const release = await site.vendor.release('1.0.0', [pages]);
  await site.assign([{ release, package: pages }]);
  await reported(only, host, 'the release', (report) => componentOf(report, 'pages') !== undefined);
  assert.equal(agent.status().parent, only.url);
});

test('siblings that a parent named are turned to after a start at which it is dead', async (context) => {
  const site = await Site.create(context);
  const [only, sibling] = [await site.front(), await site.front()];
  only.intercept((request, response) => {
    if (request.url !== '/parents') return false;
    const self = { url: only.url, host: null };
    response.end(JSON.stringify({ format: 'xylem-parents-1', self, siblings: [sibling.url], above: [] }));
    return true;
  });
  const pages = await site.publish('pages', '1.0.0', { a: '1' });
  const release = await site.vendor.release('1.0.0', [pages]);
  const host = await site.host([only.url]);
  await site.assign([{ release, package: pages }]);
  const agent = await site.agent(host);
  await waitFor('its release', () => agent.status().converged);
  const { learned } = stateLayout(host.stateFolder);
  await waitFor('what it learned on its disk', async () =>
    (await readFile(learned, 'utf8').catch(() => '')).includes(sibling.url),
  );
  await agent.stop();
  await only.close();
  const again = await site.agent(host);
  await waitFor('the sibling', () => again.status().parent === sibling.url);
  await reported(sibling, host, 'its report', (report) => report.parent.url === sibling.url);
});

test('a parent that was started anew costs its children one question more, and no other parent any', async (context) => {
  const { site, first, second, host, next, has } = await ofTwo(context);
  await site.agent(host, { timing: { ...timing, secondLookMs: 3_600_000 } });
  await has('1.0.0');
  let isGone = false;
  first.intercept((request) => {
    if (isGone || !isNews(request.url)) return false;
    isGone = true;
    request.socket.destroy();
    return true;
  });
  await waitFor('the end of a held question', () => isGone);
  await next();
  await has('2.0.0');
  const direction = second.requests.filter((line) => line.includes('/r/') || isNews(line.slice(4)));
  assert.deepEqual(direction, []);
});

test('a parent that has had nothing newly signed for more than 26 hours is left for one that has', async (context) => {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const site = await Site.create(context, clock);
  const [stale, fresh] = [await site.front(), await site.front()];
  const host = await site.host([stale.url, fresh.url]);
  await site.assign([]);
  const path = `/r/${site.environment.id}/metadata/timestamp.json`;
  const old = await site.installation.repository.readFile(path.slice(1));
  aheadMs = 27 * 3_600_000;
  await site.environment.renew();
  stale.intercept((request, response) => {
    if (request.url !== path) return false;
    response.writeHead(200).end(old);
    return true;
  });
  const agent = await site.agent(host, { clock });
  await waitFor('the fresh one', () => agent.status().parent === fresh.url);
  assert.ok(stale.requests.includes(`GET ${path}`));
});
