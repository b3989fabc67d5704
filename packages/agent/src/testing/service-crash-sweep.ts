import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { freePort } from '@xylem/testkit';
import { type StepKind, stepsOfKind } from '../converge/points.ts';
import { answerAt, blueGreenService } from './blue-green.ts';
import { Bench, crashDepth, crashSweep, type Services } from './crash-sweep.ts';
import { httpService } from './packages.ts';
import { temporaryFolder } from './state-folder.ts';

/** All but those that end other roads, those of a service with a router, and those of one that is adopted (adopt-process.test.ts). */
const others = ['revert', 'remove', 'purge', 'unapply', 'route', 'drain', 'adopt', 'disown'];
const updateSteps = stepsOfKind.service.filter((step) => !others.includes(step));

/**
 * Services killed at every journal point of each road that they take, whoever runs them.
 * @param depth `part`: only where who runs them comes into it most
 */
export function serviceCrashSweep(services: Services, depth: 'all' | 'part'): void {
  const sweep = crashSweep('service', services);
  const isWhole = depth === 'all';
  const pick = (whole: readonly StepKind[], part: readonly StepKind[]): readonly StepKind[] =>
    isWhole ? whole : part;
  // One after the other where a road leaves out what those before it took.
  suite(`crash sweep: service, ${services}`, { concurrency: crashDepth(services) === 'all' ? 3 : 1 }, () => {
    test('service: killed at any journal point of an install or an update, the host finishes', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const port = await freePort();
      const versions = ['1.0.0', '2.0.0', '3.0.0'].map((version) =>
        httpService({ component: 'api', version, port }),
      );
      const [one, two, three] = await Promise.all(versions.map((version) => bench.wanted([version])));
      assert.ok(one && two && three);
      if (isWhole)
        await sweep.run(context, bench, {
          name: 'install',
          component: 'api',
          kind: 'service',
          before: [],
          wanted: one,
          steps: ['stage', 'switch', 'start', 'probe', 'commit'],
        });
      await sweep.run(context, bench, {
        name: 'update',
        component: 'api',
        kind: 'service',
        before: [one, two],
        wanted: three,
        steps: pick(updateSteps, ['start']),
      });
    });

    test('service: killed at any journal point of a failing update or a removal, the host reverts or removes', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const port = await freePort();
      // Of one name there is one unit on a host, and the tests of this suite run side by side.
      const good = httpService({ component: 'cart', version: '1.0.0', port });
      const bad = httpService({
        component: 'cart',
        version: '2.0.0',
        port,
        status: 500,
        startTimeoutMs: 300,
      });
      const [one, two, none] = [
        await bench.wanted([good]),
        await bench.wanted([bad]),
        await bench.wanted([], { purge: ['cart'] }),
      ];
      await sweep.run(context, bench, {
        name: 'failing update',
        failing: ['probe'],
        component: 'cart',
        kind: 'service',
        before: [one],
        wanted: two,
        steps: pick(['switch', 'start', 'probe', 'revert', 'stop', 'retire'], ['revert']),
      });
      if (isWhole)
        await sweep.run(context, bench, {
          name: 'healing',
          component: 'cart',
          kind: 'service',
          before: [one],
          wanted: one,
          missing: 'VERSION',
          steps: ['fetch', 'stage', 'preflight', 'stop', 'start'],
        });
      if (isWhole)
        await sweep.run(context, bench, {
          name: 'removal',
          component: 'cart',
          kind: 'service',
          before: [one],
          wanted: none,
          steps: ['stop', 'remove', 'purge'],
        });
    });

    test('service: killed at any journal point of a switch without a gap, clients are answered meanwhile and the host finishes', async (context) => {
      const bench = new Bench(await temporaryFolder(context));
      const [front, blue, green] = [await freePort(), await freePort(), await freePort()];
      const router = { builtin: { listen: `127.0.0.1:${front}` } };
      const version = (number: string, more: { status?: number; startTimeoutMs?: number } = {}) =>
        blueGreenService({ component: 'shop', version: number, ports: [blue, green], router, ...more });
      const one = await bench.wanted([version('1.0.0')]);
      const two = await bench.wanted([version('2.0.0')]);
      const bad = await bench.wanted([version('3.0.0', { status: 500, startTimeoutMs: 300 })]);
      const none = await bench.wanted([], { purge: ['shop'] });
      const outside = async () => ({
        front: await answerAt(front),
        blue: await answerAt(blue),
        green: await answerAt(green),
      });
      const meanwhile = async (): Promise<void> =>
        assert.match(String(await answerAt(front)), /^[12]\.0\.0$/);
      const own = { component: 'shop', kind: 'service', outside } as const;
      await sweep.run(context, bench, {
        ...own,
        name: 'switch',
        before: [one],
        wanted: two,
        meanwhile,
        steps: pick(['start', 'probe', 'route', 'switch', 'drain', 'commit'], ['route', 'switch', 'drain']),
      });
      await sweep.run(context, bench, {
        ...own,
        name: 'return',
        before: [one, two],
        wanted: one,
        meanwhile,
        steps: pick(['route', 'commit', 'stop'], ['route']),
      });
      if (isWhole)
        await sweep.run(context, bench, {
          ...own,
          name: 'failing switch',
          failing: ['probe'],
          before: [one],
          wanted: bad,
          meanwhile,
          steps: ['probe', 'revert'],
        });
      if (isWhole)
        await sweep.run(context, bench, {
          ...own,
          name: 'removal of what has a router',
          before: [one, two],
          wanted: none,
          steps: ['unapply', 'stop'],
        });
    });
  });

  if (isWhole)
    test('no journal point was left out of the sweep', () => {
      // They need a service that others started: adopt-process.test.ts, adopt.test.ts.
      const elsewhere = sweep.missed().filter((point) => !/\/(adopt|disown)\//.test(point));
      assert.deepEqual(elsewhere, []);
    });
}
