import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { HostId, PackageDocument, Report } from '@xylem/core';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { differences, listing, tempFolder, waitUntil } from '@xylem/testkit';
import { buildSmallTree, type FileContent } from '@xylem/testkit/builders';
import { explainHost } from '../explain/explain.ts';
import { stateLayout } from '../state/layout.ts';
import { componentOf, reported, Site } from '../testing/site.ts';
import { beginObserving, changeObserving } from './observe.ts';
import { orderAdoption } from './order.ts';

const largeBytes = 6_000_000;
const conf = 'listen 80\n';
const files: Record<string, FileContent> = {
  'index.html': 'one',
  'conf/shop.conf': conf,
  large: { noiseBytes: largeBytes },
};

/** A host that observes, on which somebody put a program into `shop` and its configuration beside it. */
async function shopByHand(t: TestContext) {
  const site = await Site.create(t);
  const front = await site.front();
  const host = await site.host([front.url]);
  const { stateFolder } = host;
  const layout = stateLayout(stateFolder);
  await beginObserving(layout, 'anna', systemClock, silentLog);
  const outside = await tempFolder(t);
  const path = await buildSmallTree(join(outside, 'shop'), files);
  await mkdir(join(outside, 'etc'));
  await writeFile(join(outside, 'etc/shop.conf'), conf, { mode: 0o644 });
  const document = (more: Partial<PackageDocument> = {}): Partial<PackageDocument> =>
    ({
      format: 'xylem-package-2',
      needs: ['files'],
      files: {
        install: [{ from: 'conf/shop.conf', to: join(outside, 'etc/shop.conf') }],
        reload: { command: ['touch', join(outside, 'reloaded')] },
      },
      adopt: { path },
      ...more,
    }) as Partial<PackageDocument>;
  const assign = async (version: string, content = files, more: Partial<PackageDocument> = {}) => {
    const made = await site.publish('shop', version, content, document(more));
    await site.assign([{ release: await site.vendor.release(version, [made]), package: made }]);
    return made;
  };
  const order = async (undo = false) => {
    const common = { stateFolder, clock: systemClock, randomness: systemRandomness, log: silentLog };
    const done = await orderAdoption({ ...common, component: 'shop', undo, by: 'anna', waitMs: 30_000 });
    assert.equal(done.state, 'done');
    return done.adoption;
  };
  const direct = async (order: string, undo = false) => {
    site.hosts.set(
      host.identity.host as HostId,
      {
        labels: {},
        adopt: { shop: undo ? { order, undo } : { order } },
      } as never,
    );
    await site.direct();
  };
  const says = (what: string, fits: (report: Report) => boolean) => reported(front, host, what, fits);
  const observes = () =>
    says('that it observes', ({ waiting }) =>
      waiting.some(({ component, code }) => component === 'shop' && code === 'E_OBSERVING'),
    );
  /** Inode, times and mode of everything outside, so that a file written anew with the same bytes is seen. */
  const looks = async (): Promise<string> => {
    const names = (await readdir(outside, { recursive: true })).sort();
    const stats = await Promise.all(names.map((name) => lstat(join(outside, name), { bigint: true })));
    return names
      .map((name, i) => `${name} ${stats[i]?.ino} ${stats[i]?.ctimeNs} ${stats[i]?.mode}`)
      .join('\n');
  };
  const current = (name: string) => readFile(join(layout.components, 'shop/current', name), 'utf8');
  return { site, front, host, layout, outside, path, assign, order, direct, says, observes, looks, current };
}

const adoptedShop = (report: Report): boolean => componentOf(report, 'shop')?.state === 'installed';

test('a host that observes says what it would do and what is there, and changes nothing, also when it starts anew', async (t) => {
  const { site, host, layout, outside, path, assign, observes, looks } = await shopByHand(t);
  const before = await looks();
  await assign('1.0.0');
  const agent = await site.agent(host);
  const { observing, waiting } = await observes();
  assert.equal(observing?.by, 'anna');
  const message = waiting.find(({ component }) => component === 'shop')?.message ?? '';
  assert.match(message, /would reserve, fetch, stage, preflight, switch, apply, commit/);
  assert.ok(message.includes(`${path} is a folder; ${outside}/etc/shop.conf is there`), message);
  const explained = await explainHost({
    stateFolder: host.stateFolder,
    node: process.execPath,
    clock: systemClock,
  });
  assert.equal(explained.observing?.by, 'anna');
  assert.equal(explained.components[0]?.keeping[0]?.code, 'E_OBSERVING');
  assert.deepEqual(explained.components[0]?.steps, []);
  await agent.stop();
  await writeFile(layout.adoption, 'damaged');
  await site.agent(host);
  await observes();
  assert.deepEqual(await readdir(layout.components), []);
  assert.equal(await looks(), before);
});

test('what runs as published is adopted from its own bytes, follows direction, and is given back', async (t) => {
  const { site, front, host, outside, path, assign, order, says, observes, looks, current } =
    await shopByHand(t);
  const before = await looks();
  const one = await assign('1.0.0');
  await site.agent(host);
  await observes();
  const asked = front.requests.length;
  assert.equal((await order())?.outcome, 'adopted');
  const report = await says('the adoption', adoptedShop);
  assert.equal(report.adoptions?.[0]?.outcome, 'adopted');
  const packs = front.requests.slice(asked).filter((line) => one.packs.some((pack) => line.includes(pack)));
  assert.equal(packs.length, 1, 'the list of its files, and nothing else');
  // The list comes in a frame of a pack, which holds up to 1 MiB.
  assert.ok(report.transfer.bytesDown < largeBytes / 4, `${report.transfer.bytesDown} bytes`);
  assert.equal(await current('index.html'), 'one');
  assert.equal(await looks(), before, 'what was there is as it was, and no reload ran');

  assert.equal((await order(true))?.outcome, 'given back');
  await observes();
  assert.equal(await looks(), before);
  assert.equal((await order())?.outcome, 'adopted');
  await assign('2.0.0', { ...files, 'index.html': 'two', 'conf/shop.conf': 'listen 81\n' });
  await says('2.0.0', (later) => componentOf(later, 'shop')?.version === '2.0.0');
  // The version on trial is reported, and its reload may be to come.
  await waitUntil(() => existsSync(join(outside, 'reloaded')), 30_000, 'the reload');
  assert.equal(await readFile(join(outside, 'etc/shop.conf'), 'utf8'), 'listen 81\n');
  assert.equal((await order(true))?.outcome, 'given back');
  assert.equal(await readFile(join(outside, 'etc/shop.conf'), 'utf8'), conf);
  const untouched = await buildSmallTree(join(await tempFolder(t), 'shop'), files);
  assert.deepEqual(differences(await listing(untouched), await listing(path)), []);
});

test('what is not as published is listed, and nothing is changed', async (t) => {
  const { site, host, layout, outside, path, assign, order, observes, says, looks } = await shopByHand(t);
  await writeFile(join(path, 'index.html'), 'own');
  await writeFile(join(path, 'customer-list.csv'), 'x');
  const before = await looks();
  await assign('1.0.0');
  await site.agent(host);
  await observes();
  const inTree = await order();
  assert.equal(inTree?.outcome, 'differs');
  assert.deepEqual(inTree?.differences?.named, [
    { path: 'index.html', what: 'has other bytes' },
    { path: 'customer-list.csv', what: 'is not part of the package', extra: true },
  ]);
  const report = await says('the differences', ({ adoptions }) => adoptions?.[0]?.code === 'E_ADOPT_DIFFERS');
  assert.deepEqual(report.adoptions?.[0]?.differences, {
    count: 2,
    extra: 1,
    named: [{ path: 'index.html', what: 'has other bytes' }],
  });
  assert.doesNotMatch(
    JSON.stringify(report),
    /customer/,
    'what else lies there is only for the host to know',
  );
  await observes();
  assert.equal(await looks(), before);
  assert.deepEqual(await readdir(layout.components), []);

  await writeFile(join(path, 'index.html'), 'one');
  await assign('1.0.1', files, { adopt: { path, apart: ['customer-list.csv'] } });
  await writeFile(join(outside, 'etc/shop.conf'), 'listen 8080\n');
  const changed = await looks();
  await says('1.0.1', ({ waiting }) => waiting.some(({ message }) => message.includes('1.0.1')));
  const atPlace = await order();
  assert.equal(atPlace?.code, 'E_ADOPT_DIFFERS');
  assert.match(atPlace?.message ?? '', /shop\.conf has other bytes/);
  await observes();
  assert.equal(await looks(), changed);
});

test('a director orders an adoption and its end, where people on the host let it; each order once', async (t) => {
  const { site, host, assign, direct, order, says, observes, looks } = await shopByHand(t);
  const before = await looks();
  await assign('1.0.0');
  await site.agent(host);
  await observes();
  const outcome = (id: string) =>
    says(`the order ${id}`, ({ adoptions }) => {
      const last = adoptions?.[0];
      return last?.order === id && last.outcome !== 'agreed';
    }).then(({ adoptions }) => adoptions?.[0]);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(32));
  assert.ok(a && b && c && d);
  await direct(a);
  assert.equal((await outcome(a))?.outcome, 'adopted');
  await direct(b, true);
  assert.equal((await outcome(b))?.outcome, 'given back');
  await changeObserving({ stateFolder: host.stateFolder, change: { orders: false }, log: silentLog });
  await direct(c);
  assert.equal((await outcome(c))?.code, 'E_ADOPT_DENIED');
  assert.equal((await order())?.outcome, 'adopted');
  await direct(d, true);
  assert.equal((await outcome(d))?.code, 'E_ADOPT_DENIED');
  assert.equal(await looks(), before);
});

test('a person on the host ends it: what is given and was not adopted is installed', async (t) => {
  const { site, host, outside, assign, order, observes, says } = await shopByHand(t);
  await writeFile(join(outside, 'etc/shop.conf'), 'own\n');
  await assign('1.0.0');
  await site.agent(host);
  await observes();
  await changeObserving({ stateFolder: host.stateFolder, change: null, log: silentLog });
  const report = await says('the installation', adoptedShop);
  assert.equal(report.observing, undefined);
  assert.equal(await readFile(join(outside, 'etc/shop.conf'), 'utf8'), conf);
  await assert.rejects(order(), { code: 'E_CONFLICT' });
});
