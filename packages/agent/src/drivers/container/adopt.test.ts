import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, suite, type TestContext, test } from 'node:test';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { freePort, removeLater, waitUntil } from '@xylem/testkit';
import { beginObserving } from '../../adopt/observe.ts';
import { orderAdoption } from '../../adopt/order.ts';
import { stateLayout } from '../../state/layout.ts';
import { adoptingHost } from '../../testing/adopting.ts';
import { imageByHand, runningContainer } from '../../testing/container-by-hand.ts';
import { httpContainer, servedVersion } from '../../testing/container-packages.ts';
import { imageLayout } from '../../testing/images.ts';
import type { TestPackage } from '../../testing/packages.ts';
import { type PodmanStore, podmanStore } from '../../testing/podman-store.ts';
import { reported, Site } from '../../testing/site.ts';
import { adoptedFile } from './adopted.ts';

const opened = await podmanStore({ after });
const skip = 'skip' in opened ? opened.skip : false;
const store = opened as PodmanStore;

const clearStore = async (): Promise<void> => {
  await store.podman('rm', '--all', '--force', '--time', '0');
  await store.podman('rmi', '--all', '--force');
};

/** A host that observes, on which somebody runs the image of version 1.0.0 as `shop-by-hand`. */
async function shopByHand(context: TestContext, own: readonly string[] = [], more: object = {}) {
  const host = await adoptingHost(context, 'shop');
  const port = await freePort();
  const version = (text: string): TestPackage => {
    const made = httpContainer({ component: 'shop', version: text, port, ...more });
    return { ...made, document: { ...made.document, adopt: { container: 'shop-by-hand', apart: ['srv'] } } };
  };
  const one = version('1.0.0');
  const image = await imageByHand(store, one, 'shop');
  removeLater(context, clearStore);
  const options = ['--detach', '--name=shop-by-hand', '--network=host', ...own];
  const entrypoint = '--entrypoint=["/bin/busybox","httpd"]';
  const words = ['-f', '-p', `127.0.0.1:${port}`, '-h', '/www'];
  await store.podman('run', ...options, entrypoint, image, ...words);
  await waitUntil(async () => (await servedVersion(port)) === '1.0.0', 30_000, 'the one by hand');
  const before = await runningContainer(store, 'shop-by-hand');
  assert.ok(before);
  const names = async (): Promise<string[]> =>
    (await store.podman('ps', '--all', '--format', '{{.Names}}')).split('\n').filter(Boolean).sort();
  const images = async (): Promise<string[]> =>
    (await store.podman('images', '--format', '{{.Repository}}')).split('\n').filter(Boolean).sort();
  return { ...host, port, version, one, before, names, images };
}

suite('adopted containers', { skip }, () => {
  test('a container by hand goes on with its id and process, is updated, and has no way back then', async (context) => {
    const host = await shopByHand(context);
    const { one, before } = host;
    const { waiting } = await host.run([one]);
    assert.match(waiting.get('shop')?.message ?? '', /the container shop-by-hand is running/);
    assert.deepEqual(await host.names(), ['shop-by-hand']);
    const adopted = await host.order([one]);
    assert.equal(adopted?.outcome, 'adopted', adopted?.message ?? '');
    assert.deepEqual(await runningContainer(store, 'xylem-shop'), before);
    assert.deepEqual(await host.names(), ['xylem-shop']);
    await host.run([one]);
    assert.deepEqual(await runningContainer(store, 'xylem-shop'), before, 'what follows leaves it alone');
    assert.deepEqual(readdirSync(join(host.state, 'containers')), ['components']);

    await host.run([host.version('2.0.0')]);
    assert.equal(await servedVersion(host.port), '2.0.0');
    assert.deepEqual(await host.names(), ['xylem-shop']);
    const undone = await host.order([host.version('2.0.0')], true);
    assert.equal(undone?.code, 'E_CONFLICT');
    assert.equal(await servedVersion(host.port), '2.0.0');
    await host.run([one]);
    assert.equal(await servedVersion(host.port), '1.0.0', 'the version that was adopted comes back');
    await host.run([]);
    assert.equal(await servedVersion(host.port), null);
    assert.deepEqual(await host.names(), []);
    assert.deepEqual(await host.images(), ['localhost/shop'], 'an image of others stays');
  });

  test('given back it runs on under its old name, and nothing of this host is left', async (context) => {
    const host = await shopByHand(context, ['--restart=always', '--security-opt=no-new-privileges']);
    assert.equal((await host.order([host.one]))?.outcome, 'adopted');
    assert.equal((await host.order([host.one], true))?.outcome, 'given back');
    assert.deepEqual(await runningContainer(store, 'shop-by-hand'), host.before);
    assert.deepEqual(await host.names(), ['shop-by-hand']);
    assert.deepEqual(await host.images(), ['localhost/shop']);
    const { waiting } = await host.run([host.one]);
    assert.equal(waiting.get('shop')?.code, 'E_OBSERVING');
    // As an attempt leaves it that ended between its record and the new name.
    const file = adoptedFile('shop', host.layout);
    mkdirSync(dirname(file.path), { recursive: true });
    const record = { tree: 'a', fingerprint: 'b', sealed: false };
    await file.write({ id: host.before.id, name: 'shop-by-hand', ...record });
    assert.equal((await host.order([host.one]))?.outcome, 'adopted', 'and adopted once more');
    assert.deepEqual(await runningContainer(store, 'xylem-shop'), host.before);
  });

  test('each setting that is another is listed, values are not told, and nothing is changed', async (context) => {
    const host = await shopByHand(
      context,
      ['--env=MODE=hunter2', '--env=OTHER=hunter2', '--memory=64m', '--user=1:1', '--volume=/srv:/srv'],
      { container: { environment: { MODE: 'fast' } } },
    );
    await store.podman('exec', '--user=0', 'shop-by-hand', '/bin/busybox', 'touch', '/kept');
    const adoption = await host.order([host.one]);
    assert.equal(adoption?.code, 'E_ADOPT_DIFFERS');
    const named = new Map(adoption?.differences?.named.map(({ path, what }) => [path, what]));
    assert.equal(named.get('its user'), 'is 1:1, expected not set');
    assert.equal(named.get('its limit memory'), `is ${64 * 2 ** 20}, expected not set`);
    assert.equal(named.get('its variable MODE'), 'has another value');
    assert.equal(named.get('its variable OTHER'), 'is set besides');
    assert.match(named.get('/srv') ?? '', /mounted besides/);
    assert.match(named.get('/kept') ?? '', /gone with the next start/);
    assert.doesNotMatch(JSON.stringify(adoption), /hunter2/);
    assert.deepEqual(await runningContainer(store, 'shop-by-hand'), host.before);
    assert.deepEqual(await host.names(), ['shop-by-hand']);
    assert.ok(!existsSync(join(host.state, 'components', 'shop')));
  });

  test('one of another image, one that a unit would start again, and one that is gone are not adopted', async (context) => {
    const host = await shopByHand(context, ['--label=PODMAN_SYSTEMD_UNIT=shop.service']);
    const held = await host.order([host.version('2.0.0')]);
    assert.match(held?.message ?? '', /its unit shop\.service would start it again/);
    assert.deepEqual(await runningContainer(store, 'shop-by-hand'), host.before);
    await store.podman('rm', '--force', '--time', '0', 'shop-by-hand');
    assert.match((await host.order([host.one]))?.message ?? '', /the container shop-by-hand is not there/);
  });

  test('one that is not well, or that another component adopted, stays as it is', async (context) => {
    const host = await shopByHand(context);
    const unwell = {
      ...host.one,
      document: {
        ...host.one.document,
        health: { ...host.one.document.health, http: { port: '1' }, startTimeoutMs: 300 },
      },
    } as TestPackage;
    const ill = await host.order([unwell]);
    assert.equal(ill?.code, 'E_HEALTH_FAILED', ill?.message ?? '');
    assert.deepEqual(await runningContainer(store, 'shop-by-hand'), host.before);
    assert.deepEqual(await host.images(), ['localhost/shop']);
    assert.equal((await host.order([host.one]))?.outcome, 'adopted');
    const document = { ...host.one.document, component: 'thief', adopt: { container: 'xylem-shop' } };
    const thief = { ...host.one, component: 'thief', document } as TestPackage;
    assert.equal((await host.order([host.one, thief], false, 'thief'))?.code, 'E_ADOPT_DENIED');
    assert.deepEqual(await runningContainer(store, 'xylem-shop'), host.before);
  });

  test('secret files have to hold the same, which is all that is told; what podman keeps is no volume', async (context) => {
    const canary = `canary-${process.pid}`;
    const outside = join(store.folder, 'own-secret');
    writeFileSync(outside, 'other');
    const host = await shopByHand(
      context,
      [`--volume=${outside}:/run/secrets/password:ro`, '--volume=kept-by-podman:/data'],
      {
        config: { password: canary },
        container: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
          secretFiles: { password: '${config.password}' },
          volumes: [{ data: 'db', at: '/data' }],
        },
      },
    );
    const differs = await host.order([host.one]);
    const named = new Map(differs?.differences?.named.map(({ path, what }) => [path, what]));
    assert.equal(named.get('/run/secrets/password'), 'has other bytes');
    assert.match(named.get('its volume /data') ?? '', /volume that podman keeps/);
    assert.equal(named.size, 2);
    assert.doesNotMatch(JSON.stringify(differs), new RegExp(canary));
    writeFileSync(outside, canary);
    const left = await host.order([host.one]);
    assert.deepEqual(
      left?.differences?.named.map(({ path }) => path),
      ['its volume /data'],
    );
  });

  test('the layers of its image come out of podman, and only what podman has not over the network', async (context) => {
    const noiseBytes = 12_000_000;
    const files = imageLayout({ files: [{ path: 'noise', content: randomBytes(noiseBytes) }] });
    const image = await imageByHand(store, { files }, 'noise');
    removeLater(context, clearStore);
    await store.podman(
      'run',
      '--detach',
      '--name=by-hand',
      '--network=none',
      image,
      '/bin/sh',
      '-c',
      'sleep 9000',
    );
    const before = await runningContainer(store, 'by-hand');
    const site = await Site.create(context);
    const front = await site.front();
    const host = await site.host([front.url]);
    await beginObserving(stateLayout(host.stateFolder), 'anna', systemClock, silentLog);
    const made = await site.publish('noise', '1.0.0', files, {
      kind: 'container',
      container: { network: 'none', command: ['/bin/sh', '-c', 'sleep 9000'] },
      adopt: { container: 'by-hand' },
    });
    await site.assign([{ release: await site.vendor.release('1.0.0', [made]), package: made }]);
    await site.agent(host);
    const common = { clock: systemClock, randomness: systemRandomness, log: silentLog, waitMs: 60_000 };
    const order = { stateFolder: host.stateFolder, component: 'noise', undo: false, by: 'anna' };
    const { adoption } = await orderAdoption({ ...common, ...order });
    assert.equal(adoption?.outcome, 'adopted', adoption?.message ?? '');
    assert.deepEqual(await runningContainer(store, 'xylem-noise'), before);
    const { transfer } = await reported(
      front,
      host,
      'the adoption',
      ({ components }) => components.length === 1,
    );
    // The list, and the small files before and after the layer, come in frames of 1 MiB that hold a part of it too.
    assert.ok(transfer.bytesDown < 4 * 2 ** 20, `${transfer.bytesDown} bytes`);
  });

  test('another image is found out once its tree is there, and the tree goes again', async (context) => {
    const host = await shopByHand(context);
    const adoption = await host.order([host.version('2.0.0')]);
    assert.match(adoption?.message ?? '', /its image is another/);
    assert.deepEqual(await runningContainer(store, 'shop-by-hand'), host.before);
    assert.ok(!existsSync(join(host.state, 'components', 'shop')));
    assert.deepEqual(await host.images(), ['localhost/shop']);
  });

  test('data in a folder of its own is adopted by a link to it, and is there after an update', async (context) => {
    const outside = join(store.folder, 'own-data');
    mkdirSync(outside);
    const host = await shopByHand(context, [`--volume=${outside}:/data`], {
      container: { volumes: [{ data: 'db', at: '/data' }] },
    });
    await store.podman('exec', 'shop-by-hand', '/bin/sh', '-c', 'echo kept >/data/file');
    const data = join(host.layout.component('shop').data);
    const differs = await host.order([host.one]);
    assert.ok(differs?.message?.includes(`make ${data}/db a link to it`), differs?.message ?? '');
    mkdirSync(data, { recursive: true });
    symlinkSync(outside, join(data, 'db'));
    assert.equal((await host.order([host.one]))?.outcome, 'adopted');
    assert.deepEqual(await runningContainer(store, 'xylem-shop'), host.before);
    await host.run([host.version('2.0.0')]);
    assert.equal(await store.podman('exec', 'xylem-shop', '/bin/busybox', 'cat', '/data/file'), 'kept\n');
    await host.run([]);
    assert.equal(readFileSync(join(outside, 'file'), 'utf8'), 'kept\n');
  });
});
