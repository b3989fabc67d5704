import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { freePort, fullDisk, installDebian, removeLater, run, testMain, waitUntil } from '@xylem/testkit';
import { httpContainer, servedVersion } from '../../testing/container-packages.ts';
import { Bench, converge } from '../../testing/crash-sweep.ts';
import { type PodmanStore, podmanStore } from '../../testing/podman-store.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';
import { lookInContainer } from './look.ts';
import { stateMark } from './names.ts';
import { stopContainers } from './stop-containers.ts';

const found = await podmanStore({ after });
const skip = 'skip' in found ? found.skip : false;
const store = found as PodmanStore;
const convergeMain = testMain(new URL('../../testing/converge-main.ts', import.meta.url));
const network = (await installDebian('netavark', 'iptables', 'iproute2'))?.skip ?? skip;

const images = async (): Promise<string[]> =>
  (await store.podman('images', '--all', '--quiet')).split('\n').filter(Boolean);

suite('containers', { skip }, () => {
  test('a published port answers, data outlives versions, and what is secret stands on no disk', {
    skip: network,
  }, async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    // The bridge and its rules belong to a network of the test's own.
    const name = `xylem-test-${process.pid}`;
    await run('/usr/sbin/ip', ['netns', 'add', name]);
    removeLater(context, async () => void (await run('/usr/sbin/ip', ['netns', 'delete', name])));
    const inside = [`--net=/run/netns/${name}`];
    await run('nsenter', [...inside, '/usr/sbin/ip', 'link', 'set', 'lo', 'up']);
    const secret = `canary-${process.pid}-of-the-password`;
    const version = (text: string) =>
      httpContainer({
        component: 'shop',
        version: text,
        port: 8080,
        config: { password: secret },
        container: {
          entrypoint: ['/bin/sh', '-c'],
          command: [
            'echo started >>/data/kept; busybox cp -r /www/. /tmp; busybox cp /data/kept /tmp; exec busybox httpd -f -p 80 -h /tmp',
          ],
          network: 'bridge',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
          ports: [{ container: 80, host: '${config.port}', address: '127.0.0.1' }],
          volumes: [{ data: 'own/files', at: '/data' }],
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
          secretFiles: { password: '${config.password}' },
          readOnly: true,
          user: '1234:1234',
          capabilities: ['NET_BIND_SERVICE'],
          limits: { memoryBytes: 64 * 1024 * 1024, processes: 50 },
        },
      });
    const convergeInside = async (wanted: string): Promise<void> => {
      await run('nsenter', [...inside, process.execPath, convergeMain, state, wanted, 'none']);
    };
    const get = async (path: string): Promise<string> => {
      const url = `http://127.0.0.1:8080/${path}`;
      return (await run('nsenter', [...inside, '/bin/busybox', 'wget', '-q', '-O', '-', url])).stdout;
    };
    removeLater(context, async () => {
      await run('nsenter', [...inside, '/usr/bin/podman', 'rm', '--all', '--force', '--time', '0']);
    });
    await convergeInside(await bench.wanted([version('1.0.0')]));
    assert.equal(await get('version'), '1.0.0');
    const config = JSON.parse(await store.podman('container', 'inspect', 'xylem-shop'))[0];
    assert.equal(await store.podman('exec', 'xylem-shop', 'busybox', 'cat', '/run/secrets/password'), secret);
    assert.equal(config.HostConfig.Privileged, false);
    assert.equal(config.HostConfig.Memory, 64 * 1024 * 1024);
    assert.ok(!JSON.stringify(config).includes(secret), 'not in podman inspect');
    await assert.rejects(run('grep', ['-r', '-l', secret, store.folder]), 'not in what podman keeps');
    await assert.rejects(store.podman('exec', 'xylem-shop', 'busybox', 'touch', '/etc/changed'));
    await convergeInside(await bench.wanted([version('2.0.0')]));
    assert.equal(await get('version'), '2.0.0');
    assert.equal(await get('kept'), 'started\nstarted\n');
    await convergeInside(await bench.wanted([]));
    const kept = join(state, 'components', 'shop', 'data', 'own', 'files', 'kept');
    assert.equal(readFileSync(kept, 'utf8'), 'started\nstarted\n', 'a removal keeps the data');
    assert.deepEqual(await images(), []);
    const memory = ['/run', '/dev/shm'].flatMap((folder) =>
      readdirSync(folder).map((name) => join(folder, name)),
    );
    assert.ok(
      !memory.some((path) => path.endsWith(`xylem-${stateMark(state)}`)),
      'nothing is left in memory',
    );
  });

  test('a load that was killed leaves no image, and the next one brings it', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    removeLater(context, async () => void (await stopContainers(state)));
    const port = await freePort();
    const wanted = await bench.wanted([httpContainer({ component: 'web', version: '1.0.0', port })]);
    const killed = spawn(process.execPath, [convergeMain, state, wanted, 'none'], {
      detached: true,
      stdio: 'ignore',
    });
    const load = join(state, 'containers', 'load');
    await waitUntil(() => existsSync(load), 20_000, 'podman loads');
    // The whole group: podman would go on without the agent.
    process.kill(-(killed.pid ?? 0), 'SIGKILL');
    await once(killed, 'exit');
    assert.deepEqual(await images(), []);
    assert.ok((await converge(state, wanted)).rested);
    assert.equal(await servedVersion(port), '1.0.0');
    assert.equal((await images()).length, 1);
    assert.deepEqual(readdirSync(join(state, 'containers')), ['components']);
    assert.ok((await converge(state, await bench.wanted([]))).rested);
  });

  test('one that ended or was stopped is put back, and one with its name that is not ours is left alone', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    removeLater(context, async () => void (await stopContainers(state)));
    const port = await freePort();
    const wanted = await bench.wanted([httpContainer({ component: 'web', version: '1.0.0', port })]);
    assert.ok((await converge(state, wanted)).rested);
    await store.podman('stop', '--time', '0', 'xylem-web');
    assert.ok((await converge(state, wanted)).rested);
    await waitUntil(async () => (await servedVersion(port)) === '1.0.0', 20_000, 'it serves again');
    assert.equal(await stopContainers(state), 1);
    assert.equal(await servedVersion(port), null);
    const [image = ''] = await images();
    await store.podman('create', '--name', 'xylem-web', image, '/bin/sh');
    const held = await converge(state, wanted);
    assert.equal(held.waiting.get('web')?.code, 'E_PODMAN');
    assert.match(held.waiting.get('web')?.message ?? '', /not this agent's/);
    assert.match(await store.podman('ps', '--all', '--format', '{{.Names}}'), /xylem-web/);
    await store.podman('rm', 'xylem-web');
    assert.ok((await converge(state, await bench.wanted([]))).rested);
  });

  test('a check that hangs in a container is ended there too', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    removeLater(context, async () => void (await stopContainers(state)));
    const port = await freePort();
    const wanted = await bench.wanted([httpContainer({ component: 'web', version: '1.0.0', port })]);
    assert.ok((await converge(state, wanted)).rested);
    const look = (...words: string[]) =>
      lookInContainer('web', ['/bin/busybox', ...words], 3_000)(new AbortController().signal);
    assert.equal(await look('true'), null);
    assert.equal(await look('false'), 'the check ended with 1');
    assert.match((await look('sleep', '4321')) ?? '', /did not end in 3000 ms/);
    const left = async (): Promise<string> => await store.podman('top', 'xylem-web', 'args');
    await waitUntil(async () => !(await left()).includes('4321'), 20_000, 'the check ends');
    assert.match(await left(), /httpd/);
    assert.ok((await converge(state, await bench.wanted([]))).rested);
  });

  test('a full disk while an image is loaded: the old version runs on, the new one follows', async (context) => {
    const disk = await fullDisk(context, 48 * 2 ** 20);
    if ('skip' in disk) return context.skip(disk.skip);
    const own = await podmanStore(context, join(disk.folder, 'podman'));
    if ('skip' in own) return context.skip(own.skip);
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    removeLater(context, async () => void (await stopContainers(state)));
    const port = await freePort();
    const version = (text: string) => httpContainer({ component: 'web', version: text, port });
    const [one, two] = [await bench.wanted([version('1.0.0')]), await bench.wanted([version('2.0.0')])];
    assert.ok((await converge(state, one)).rested);
    await disk.fill(256 * 1024);
    const full = await converge(state, two);
    assert.equal(full.waiting.get('web')?.code, 'E_DISK_FULL');
    assert.equal(await servedVersion(port), '1.0.0');
    await disk.free();
    assert.ok((await converge(state, two)).rested);
    assert.equal(await servedVersion(port), '2.0.0');
    assert.ok((await converge(state, await bench.wanted([]))).rested);
  });
});
