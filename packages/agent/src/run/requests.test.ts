import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { RootFront, TestPackage } from '@xylem/testkit/builders';
import { componentOf, reported, Site } from '../testing/site.ts';

/** A host on version 1.0.0 of a small component, whose parent has no news, neither held nor as files. */
async function polling(context: TestContext) {
  const site = await Site.create(context);
  const front = await site.front({ withoutNews: true });
  const packages: TestPackage[] = [];
  for (const version of ['1.0.0', '2.0.0', '3.0.0', '4.0.0'])
    packages.push(await site.publish('web', version, { a: version, same: 'same' }));
  const host = await site.host([front.url]);
  /** Releases the next version, and gives back what the host asked for on its way there, without polls and reports. */
  const next = async (): Promise<string[]> => {
    const own = packages.shift();
    assert.ok(own);
    const before = front.requests.length;
    const release = await site.vendor.release(own.version, [own]);
    await site.assign([{ release, package: own }]);
    await reported(front, host, own.version, (report) => componentOf(report, 'web')?.version === own.version);
    const direction = `/r/${site.environment.id}/`;
    return front.requests
      .slice(before)
      .filter((request) => request.startsWith('GET /') && !request.startsWith('GET /watermarks/'))
      .map((request) => request.slice('GET '.length).replace(direction, '/r/direction/'))
      .filter((path) => path !== '/r/direction/metadata/timestamp.json')
      .map((path) => path.replace(/[0-9a-f]{32,64}/g, '…').replace(/[0-9]{10}/g, 'n'));
  };
  return { site, front, host, next };
}

/** Beside the timestamp of the direction repository, by which the poll sees that there is something new. */
const needed = [
  '/o/…/offers/…',
  '/o/…/patches/…',
  '/o/…/…',
  '/o/…/…',
  '/r/direction/metadata/2.root.json',
  '/r/direction/metadata/n.snapshot.json',
  '/r/direction/metadata/n.targets.json',
  '/r/direction/targets/….desired-state.json',
  '/r/…/metadata/2.root.json',
  '/r/…/metadata/n.p-….json',
  '/r/…/metadata/n.snapshot.json',
  '/r/…/metadata/timestamp.json',
  '/r/…/targets/release/shop/….….json',
];

const withoutNewsFiles = (front: RootFront): void =>
  front.intercept((request, response) => {
    if (request.url?.startsWith('/news/') !== true) return false;
    response.writeHead(404).end();
    return true;
  });

test('an update without news asks for what the workflow of TUF names, each once, and for news files no more', async (context) => {
  const { front, site, host, next } = await polling(context);
  withoutNewsFiles(front);
  await site.agent(host);
  await next();
  await next();
  assert.deepEqual((await next()).sort(), needed);
  assert.deepEqual((await next()).sort(), needed);
  assert.equal(front.requests.filter((request) => request.startsWith('GET /news/')).length, 2);
});

/** Answers these paths only when all of them have been asked for. */
function together(site: Site, front: RootFront, patterns: readonly RegExp[]): void {
  const held = new Map<RegExp, () => void>();
  front.intercept((request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/news/')) {
      response.writeHead(404).end();
      return true;
    }
    const pattern = patterns.find((one) => one.test(path));
    if (pattern === undefined) return false;
    held.set(pattern, () => {
      void site.installation.repository.readFile(path.slice(1)).then((bytes) => {
        response.writeHead(bytes === null ? 404 : 200).end(bytes ?? '');
      });
    });
    if (held.size === patterns.length) for (const answer of held.values()) answer();
    return true;
  });
}

test('what can be named beforehand is asked for side by side', async (context) => {
  const { front, site, host, next } = await polling(context);
  await site.agent(host);
  await next();
  const direction = `^/r/${site.environment.id}/metadata`;
  together(site, front, [
    new RegExp(`${direction}/2\\.root\\.json$`),
    new RegExp(`${direction}/[0-9]+\\.snapshot\\.json$`),
  ]);
  await next();
  const vendor = `^/r/(?!${site.environment.id})[0-9a-f]+/metadata`;
  together(site, front, [
    new RegExp(`${vendor}/2\\.root\\.json$`),
    new RegExp(`${vendor}/timestamp\\.json$`),
  ]);
  await next();
});

for (const place of ['.snapshot.json', '.desired-state.json', '.p-'])
  test(`a poll whose answers break off at ${place} is taken up again, though the timestamp stays as it is`, async (context) => {
    const { front, site, host, next } = await polling(context);
    await site.agent(host);
    await next();
    let broken = 0;
    front.intercept((request, response) => {
      if (request.url?.startsWith('/news/') === true) {
        response.writeHead(404).end();
        return true;
      }
      if (request.url?.includes(place) !== true || broken === 2) return false;
      broken += 1;
      response.destroy();
      return true;
    });
    await next();
    assert.equal(broken, 2);
  });
