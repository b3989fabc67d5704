// Services of others are adopted and given back, run inside of a host of its own: node --test systemd-adopt-main.ts

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { testMain } from '@xylem/testkit';
import { adoptionsFile } from '../adopt/adoptions.ts';
import { beginObserving } from '../adopt/observe.ts';
import type { ComponentKind, StepKind } from '../converge/points.ts';
import { stateLayout } from '../state/layout.ts';
import { systemdSupervisor } from '../supervisor/systemd/client.ts';
import { endUnits } from '../supervisor/systemd/end-units.ts';
import { statusOf, systemctl } from '../supervisor/systemd/systemctl.ts';
import { unitOf } from '../supervisor/systemd/unit.ts';
import { convergeOnce } from './converge-once.ts';
import { Bench } from './crash-sweep.ts';
import { testPackage, writeTree } from './packages.ts';
import { waitFor } from './wait-for.ts';

const path = '/opt/shop';
const unit = 'shop.service';
const own = unitOf('shop');
const program = (version: string): string => `#!/usr/local/bin/node
require('node:http').createServer((q, a) => a.end('${version}')).listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

const shop = (version: string, port = 8080) => {
  const made = testPackage({
    component: 'shop',
    version,
    kind: 'service',
    files: { 'bin/run!': program(version), 'lib/text': 'same' },
    service: {
      command: ['bin/run', String(port)],
      environment: { SHOP: 'muc' },
      hardening: 'none',
      stopTimeoutMs: 5_000,
    },
    health: {
      http: { port: 8080, path: '/', status: 200 },
      intervalMs: 50,
      timeoutMs: 1_000,
      startTimeoutMs: 15_000,
      successes: 1,
    },
  });
  return { ...made, document: { ...made.document, adopt: { path, unit } } };
};

const statusNow = async (name: string) => (await statusOf([name])).get(name);
const pidNow = async (name: string): Promise<number> => (await statusNow(name))?.pid ?? 0;

/** The service as somebody set it up by hand, started at boot. */
async function byHand(): Promise<number> {
  await systemctl(['stop', '--', unit]).catch(() => undefined);
  await rm(path, { recursive: true, force: true });
  await writeTree(path, shop('1.0.0').files);
  await writeFile(
    `/etc/systemd/system/${unit}`,
    `[Service]\nType=exec\nEnvironment=SHOP=muc\nExecStart=${path}/bin/run 8080\n[Install]\nWantedBy=multi-user.target\n`,
  );
  await systemctl(['daemon-reload']);
  // A file that was written in the second in which the service begins could be what it runs, or not.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await systemctl(['enable', '--now', '--', unit]);
  return await waitFor('its answer', async () => (await answer()) === '1.0.0' && (await pidNow(unit)));
}

const answer = (): Promise<string> =>
  fetch('http://127.0.0.1:8080/', { headers: { connection: 'close' } }).then(
    (found) => found.text(),
    () => '',
  );
const isEnabled = (): Promise<string> =>
  systemctl(['is-enabled', '--', unit]).then(
    (said) => said.trim(),
    () => 'disabled',
  );

async function machine(context: TestContext, state = '/var/lib/xylem-adopts') {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const folder = '/var/lib/xylem-bench';
  await mkdir(folder, { recursive: true });
  const bench = new Bench(folder);
  const options = { stateFolder: state, clock: systemClock, log: silentLog, changed: () => undefined };
  const layout = stateLayout(state);
  const wanted = (version: string, digit: string, undo = false, port = 8080) =>
    bench.wanted([shop(version, port)], {
      entry: { labels: {}, adopt: { shop: { order: digit.repeat(32), ...(undo ? { undo } : {}) } } } as never,
    });
  const pass = async (path: string) => {
    const supervisor = systemdSupervisor(options);
    try {
      return await convergeOnce(state, path, silentLog, { supervisor });
    } finally {
      supervisor.close();
    }
  };
  const outcome = async () => (await adoptionsFile(layout.adoptions, silentLog).read())?.adoptions[0];
  const begin = async (): Promise<number> => {
    await endUnits(options);
    await rm(state, { recursive: true, force: true });
    await mkdir(state, { mode: 0o700 });
    await beginObserving(layout, 'a test', systemClock, silentLog);
    return await byHand();
  };
  /** A pass in a process of its own that kills itself there. */
  const killedAt = (path: string, point: string): Promise<boolean> =>
    new Promise((resolve) => {
      const main = testMain(new URL('converge-main.ts', import.meta.url));
      execFile(process.execPath, [main, state, path, point, 'systemd'], (error) =>
        resolve(error?.signal === 'SIGKILL'),
      );
    });
  context.after(() => rm(folder, { recursive: true, force: true }));
  return { bench, wanted, pass, outcome, begin, killedAt };
}

test('a service goes on as it is, is given back, and is run by Xylem from its next start on', async (context) => {
  const { wanted, pass, outcome, begin } = await machine(context);
  const pid = await begin();
  const [adopt, disown] = [await wanted('1.0.0', 'a'), await wanted('1.0.0', 'b', true)];
  const after = await pass(adopt);
  assert.equal((await outcome())?.outcome, 'adopted', JSON.stringify(await outcome()));
  assert.ok(after.rested);
  assert.equal(after.slots.get('shop')?.record?.installed?.version, '1.0.0');
  assert.equal(after.slots.get('shop')?.running?.instance.split('.')[0], String(pid));
  assert.deepEqual([await pidNow(unit), await pidNow(own), await isEnabled()], [pid, 0, 'disabled']);

  await pass(disown);
  assert.equal((await outcome())?.outcome, 'given back');
  assert.deepEqual([await pidNow(unit), await isEnabled()], [pid, 'enabled']);
  assert.equal((await statusNow(own))?.isLoaded, false);

  await pass(await wanted('1.0.0', 'c'));
  assert.equal(await pidNow(unit), pid);
  assert.ok((await pass(await wanted('2.0.0', 'c'))).rested);
  assert.equal(await answer(), '2.0.0');
  assert.equal(await pidNow(unit), 0);
  assert.notEqual(await pidNow(own), 0);
  await pass(await wanted('2.0.0', 'd', true));
  assert.deepEqual([(await outcome())?.outcome, (await outcome())?.code], ['refused', 'E_CONFLICT']);
  assert.equal(await answer(), '2.0.0', 'what there is nothing to go back to goes on');
});

test('a service that is not as published is left alone, and what differs is said without its values', async (context) => {
  const { wanted, pass, outcome, begin } = await machine(context);
  const pid = await begin();
  await pass(await wanted('1.0.0', 'a', false, 9090));
  assert.deepEqual((await outcome())?.differences?.named, [{ path: 'its arguments', what: 'are others' }]);
  // Its begin is known to the second, and what was changed within that one counts as before it.
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await writeFile(join(path, 'lib/text'), 'same');
  await pass(await wanted('1.0.0', 'b'));
  assert.match((await outcome())?.message ?? '', /lib\/text was changed after the service began/);
  await pass(await wanted('1.0.0', 'b'));
  assert.deepEqual([await pidNow(unit), await pidNow(own), await isEnabled()], [pid, 0, 'enabled']);
});

test('killed at any journal point, the service goes on and the adoption or its end is finished', async (context) => {
  const { wanted, pass, outcome, begin, killedAt } = await machine(context);
  const roads: readonly (readonly [readonly StepKind[], boolean])[] = [
    [['reserve', 'fetch', 'stage', 'adopt', 'switch', 'probe', 'commit'], false],
    [['disown', 'remove'], true],
  ];
  const kind: ComponentKind = 'service';
  for (const [steps, undo] of roads) {
    const pid = await begin();
    let count = 0;
    for (const step of steps) {
      for (const phase of ['written', 'acted']) {
        const digits = (n: number): string => n.toString(16).padStart(2, '0').repeat(16);
        const orderOf = async (isUndo: boolean): Promise<string> => {
          count += 1;
          const order = { order: digits(count), ...(isUndo ? { undo: true } : {}) };
          return await (await machine(context)).bench.wanted([shop('1.0.0')], {
            entry: { labels: {}, adopt: { shop: order } } as never,
          });
        };
        if (undo) await pass(await orderOf(false));
        const path = await orderOf(undo);
        assert.ok(await killedAt(path, `${kind}/${step}/${phase}`), `${step}/${phase} was never reached`);
        assert.equal(await pidNow(unit), pid);
        await pass(path);
        assert.equal((await outcome())?.outcome, undo ? 'given back' : 'adopted', `${step}/${phase}`);
        assert.equal(await pidNow(unit), pid);
        if (!undo) await pass(await orderOf(true));
        assert.equal((await outcome())?.outcome, 'given back');
        assert.deepEqual([await pidNow(unit), await isEnabled()], [pid, 'enabled']);
      }
    }
  }
  // For whoever boots this host anew.
  await pass(await wanted('1.0.0', 'f'));
  assert.equal((await outcome())?.outcome, 'adopted');
});
