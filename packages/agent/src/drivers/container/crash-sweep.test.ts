import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { freePort } from '@xylem/testkit';
import { adoptionOrder } from '../../testing/adopting.ts';
import { imageByHand, runningContainer } from '../../testing/container-by-hand.ts';
import { httpContainer } from '../../testing/container-packages.ts';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import type { TestPackage } from '../../testing/packages.ts';
import { type PodmanStore, podmanStore } from '../../testing/podman-store.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

const store = await podmanStore({ after });
const skip = 'skip' in store ? store.skip : false;
const sweep = crashSweep('container');

/** What podman has: a container or an image too many would show here. */
async function outside(): Promise<unknown> {
  if ('skip' in store) return null;
  const containers = await store.podman('ps', '--all', '--format', '{{.Names}} {{.Exited}}');
  const images = await store.podman('images', '--all', '--format', '{{.Repository}}:{{.Tag}}');
  return { containers: containers.split('\n').sort(), images: images.split('\n').sort() };
}

/** A container that somebody made by hand from the image of a package; what becomes of it. */
function byHand(store: PodmanStore, thing: TestPackage, port: number) {
  let started = '';
  return {
    make: async (): Promise<void> => {
      await store.podman('rm', '--all', '--force', '--time', '0');
      const image = await imageByHand(store, thing, 'web');
      const options = [
        '--detach',
        '--name=by-hand',
        '--network=host',
        '--entrypoint=["/bin/busybox","httpd"]',
      ];
      await store.podman('run', ...options, image, '-f', '-p', `127.0.0.1:${port}`, '-h', '/www');
      const { id, pid } = (await runningContainer(store, 'by-hand')) ?? {};
      started = `${id} ${pid}`;
    },
    /** Of every container and image there is. */
    outside: async (): Promise<unknown> => {
      const format = '{{.Name}} {{.Id}} {{.State.Pid}}';
      const ids = (await store.podman('ps', '--all', '--quiet')).split('\n').filter(Boolean);
      const said = await store.podman('container', 'inspect', '--format', format, ...ids);
      const images = await store.podman('images', '--all', '--format', '{{.Repository}}:{{.Tag}}');
      return { containers: said.replace(started, 'as it was started'), images: images.split('\n').sort() };
    },
  };
}

suite('crash sweep: container', { skip }, () => {
  test('container: killed at any journal point, the host finishes, reverts or removes', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const port = await freePort();
    const [v1, v2] = ['1.0.0', '2.0.0'].map((version) => httpContainer({ component: 'web', version, port }));
    assert.ok(v1 && v2);
    const bad = httpContainer({ component: 'web', version: '3.0.0', port, broken: true });
    const [one, two, three, none] = [
      await bench.wanted([v1]),
      await bench.wanted([v2], { keepPrevious: 0 }),
      await bench.wanted([bad]),
      await bench.wanted([], { purge: ['web'] }),
    ];
    /** Each scenario has a state folder of its own, to which the one before is a stranger. */
    const clear = async (): Promise<void> => {
      if ('skip' in store) return;
      await store.podman('rm', '--all', '--force', '--time', '0');
      await store.podman('rmi', '--all', '--force');
    };
    const scenario = { component: 'web', kind: 'container', outside } as const;
    // From nothing where that is enough: each turn of podman takes its time.
    await sweep.run(context, bench, {
      ...scenario,
      name: 'install',
      before: [],
      wanted: one,
      steps: ['reserve', 'fetch', 'stage', 'preflight', 'switch', 'start', 'probe', 'commit'],
    });
    await clear();
    await sweep.run(context, bench, {
      ...scenario,
      name: 'update',
      before: [one],
      wanted: two,
      steps: ['stop', 'start', 'retire'],
    });
    await clear();
    await sweep.run(context, bench, {
      ...scenario,
      name: 'failing update',
      before: [one],
      wanted: three,
      steps: ['revert'],
    });
    await clear();
    await sweep.run(context, bench, {
      ...scenario,
      name: 'removal',
      before: [one],
      wanted: none,
      steps: ['remove', 'purge'],
    });
  });
});

suite('crash sweep: adopted containers', { skip }, () => {
  test('killed at any journal point, the container goes on with its process, as one of its owner or as adopted', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const port = await freePort();
    const made = httpContainer({ component: 'web', version: '1.0.0', port });
    const web = { ...made, document: { ...made.document, adopt: { container: 'by-hand' } } };
    const adopt = await bench.wanted([web], adoptionOrder('web', 'a'.repeat(32)));
    const disown = await bench.wanted([web], adoptionOrder('web', 'b'.repeat(32), true));
    const own = byHand(store as PodmanStore, web, port);
    const common = {
      component: 'web',
      kind: 'container' as const,
      observes: true as const,
      byHand: own.make,
      outside: own.outside,
    };
    await sweep.run(context, bench, {
      ...common,
      name: 'adoption',
      before: [],
      wanted: adopt,
      steps: ['adopt', 'commit'],
    });
    await sweep.run(context, bench, {
      ...common,
      name: 'giving back',
      before: [adopt],
      wanted: disown,
      steps: ['disown', 'remove'],
    });
  });
});

test('no journal point was left out of the sweep', { skip }, () => {
  assert.deepEqual(sweep.missed(), []);
});
