import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { freePort } from '@xylem/testkit';
import { componentOf, type Given, reported, Site, webService } from '../testing/site.ts';
import { returnProduct } from './return.ts';

const order = { reason: 'checkout fails', by: 'anna' };

async function shopOf(t: TestContext) {
  const site = await Site.create(t);
  const front = await site.front();
  const host = await site.host([front.url]);
  const port = await freePort();
  const release = async (version: string): Promise<Given[]> => {
    const { files, document } = webService(version, port);
    const api = await site.publish('api', version, files, document);
    const pages = await site.publish('pages', version, { 'index.html': version });
    const made = await site.vendor.release(version, [api, pages]);
    return [api, pages].map((one) => ({ release: made, package: one }));
  };
  const common = { stateFolder: host.stateFolder, product: 'shop', clock: systemClock, log: silentLog };
  const back = (reason: typeof order | null = order) =>
    returnProduct({ ...common, order: reason, waitMs: 30_000 });
  const page = () => readFile(join(host.stateFolder, 'components', 'pages', 'current', 'index.html'), 'utf8');
  const runs = (version: string) =>
    reported(front, host, `${version} to run`, (report) =>
      ['api', 'pages'].every((name) => componentOf(report, name)?.version === version),
    );
  const answers = async () =>
    await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  return { site, front, host, release, back, page, runs, answers };
}

test('a product is taken back without any server, stays there whatever direction says, and is reported', async (t) => {
  const { site, front, host, release, back, page, runs, answers } = await shopOf(t);
  const [one, two, three] = [await release('1.0.0'), await release('2.0.0'), await release('3.0.0')];
  await site.assign(one);
  await site.agent(host);
  await runs('1.0.0');
  await site.assign(two);
  await runs('2.0.0');

  const { url } = front;
  await front.close();
  assert.deepEqual(await back(), {
    returns: [
      { component: 'api', to: '1.0.0' },
      { component: 'pages', to: '1.0.0' },
    ],
    state: 'done',
  });
  assert.equal(await page(), '1.0.0');
  assert.equal(await answers(), '1.0.0');
  await assert.rejects(back(), { code: 'E_CONFLICT' }, 'it is not taken back twice');

  const again = await site.front({ port: Number(new URL(url).port) });
  const told = await reported(again, host, 'the return', ({ reverts }) => reverts !== undefined);
  assert.deepEqual(told.reverts?.[0]?.kept, [
    { component: 'api', version: '1.0.0' },
    { component: 'pages', version: '1.0.0' },
  ]);
  assert.equal(told.reverts?.[0]?.reason, 'checkout fails');
  assert.equal(componentOf(told, 'api')?.refused?.code, 'E_REVERTED');
  await site.assign(three);
  const later = await reported(
    again,
    host,
    '3.0.0 to be refused',
    (report) => componentOf(report, 'pages')?.refused?.package === three[1]?.package.package,
  );
  assert.equal(componentOf(later, 'pages')?.version, '1.0.0', 'it sticks');

  assert.deepEqual(await back(null), { returns: [], state: 'done' });
  assert.equal(await page(), '3.0.0');
  assert.equal(await answers(), '3.0.0');
  const undone = await reported(again, host, 'the undoing', ({ reverts }) => reverts === undefined);
  assert.equal(componentOf(undone, 'api')?.refused, undefined);
});

test('ordered while the agent is down, it is done when that starts, and survives its end', async (t) => {
  const { site, host, release, back, page, runs } = await shopOf(t);
  await site.assign(await release('1.0.0'));
  const agent = await site.agent(host);
  await runs('1.0.0');
  await assert.rejects(back(), { code: 'E_CONFLICT' }, 'there is nothing to go back to');
  await site.assign(await release('2.0.0'));
  await runs('2.0.0');
  await agent.stop();
  assert.equal((await back()).state, 'agent is down');
  assert.equal(await page(), '2.0.0');
  const next = await site.agent(host);
  await runs('1.0.0');
  await next.stop();
  await site.agent(host);
  await runs('1.0.0');
  assert.equal(await page(), '1.0.0');
});

test('direction undoes the return that it means, and no later one', async (t) => {
  const { site, front, host, release, back, page, runs } = await shopOf(t);
  await site.assign(await release('1.0.0'));
  await site.agent(host);
  await runs('1.0.0');
  await site.assign(await release('2.0.0'));
  await runs('2.0.0');
  await back();
  const told = await reported(front, host, 'the return', ({ reverts }) => reverts !== undefined);
  const since = told.reverts?.[0]?.since ?? assert.fail();
  const undo = async (shop: typeof since, given: Given[]): Promise<void> => {
    site.hosts.set(host.identity.host, { labels: {}, undo: { shop } });
    await site.assign(given);
  };
  const three = await release('3.0.0');
  await undo('2020-01-01T00:00:00Z' as typeof since, three);
  const isRefused = (report: Parameters<typeof componentOf>[0]) =>
    componentOf(report, 'pages')?.refused?.package === three[1]?.package.package;
  await reported(front, host, '3.0.0 to be refused', isRefused);
  assert.equal(await page(), '1.0.0', 'another return was meant');
  await undo(since, await release('4.0.0'));
  await runs('4.0.0');
  const undone = await reported(front, host, 'the undoing', ({ reverts }) => reverts === undefined);
  assert.equal(componentOf(undone, 'pages')?.refused, undefined);
  // One that is ordered now is another one.
  assert.equal((await back()).state, 'done');
  assert.notEqual(await page(), '4.0.0');
});

test('a product that another one needs as it is now is not taken back', async (t) => {
  const { site, front, host, release, back, runs } = await shopOf(t);
  const pages = (version: string, requires?: Record<string, string>) =>
    site.publish('extra', version, { v: version }, requires === undefined ? {} : { requires });
  await site.assign(await release('1.0.0'));
  await site.agent(host);
  await runs('1.0.0');
  const two = await release('2.0.0');
  const extra = await pages('2.0.0', { api: '>=2.0.0' });
  const made = await site.vendor.release('2.0.1', [extra]);
  await site.assign([...two, { release: made, package: extra }]);
  await runs('2.0.0');
  await reported(front, host, 'extra', (report) => componentOf(report, 'extra') !== undefined);
  await assert.rejects(back(), { code: 'E_CONFLICT', message: /extra 2\.0\.0 requires api/ });
});
