import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { freePort } from '@xylem/testkit';
import { httpContainer } from '../../testing/container-packages.ts';
import { Bench, crashSweep } from '../../testing/crash-sweep.ts';
import { podmanStore } from '../../testing/podman-store.ts';
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

test('no journal point was left out of the sweep', { skip }, () => {
  assert.deepEqual(sweep.missed(), []);
});
