// Containers as units of systemd, run inside of a host of its own:
// [XYLEM_SYSTEMD_POINTS=all] node --test systemd-container-main.ts
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { stopContainers } from '../drivers/container/stop-containers.ts';
import { containerUnitOf } from '../drivers/container/unit.ts';
import { statusOf, systemctl } from '../supervisor/systemd/systemctl.ts';
import { httpContainer, servedVersion } from './container-packages.ts';
import { Bench, converge, killedAt } from './crash-sweep.ts';
import { containerHost, podman } from './systemd-containers.ts';

const port = 8080;
const unit = containerUnitOf('web');
const patienceMs = 30_000;
const isWhole = process.env.XYLEM_SYSTEMD_POINTS === 'all';

const web = (version: string, more: Partial<Parameters<typeof httpContainer>[0]> = {}) =>
  httpContainer({ component: 'web', version, port, ...more });
const serves = (version: string | null): Promise<boolean> =>
  waitUntil(async () => (await servedVersion(port)) === version, patienceMs, `${version} to be served`);
const pidNow = async (): Promise<string> =>
  await podman('container', 'inspect', '--format', '{{.State.Pid}}', 'xylem-web').catch(() => '');
const statusNow = async () => (await statusOf([unit])).get(unit);
/** Whatever the machine has of containers. */
const outside = async () => ({
  containers: await podman('ps', '--all', '--format', '{{.Names}}'),
  images: await podman('images', '--all', '--quiet', '--no-trunc'),
  units: [
    ...readdirSync('/etc/systemd/system'),
    ...readdirSync('/etc/systemd/system/multi-user.target.wants'),
  ]
    .filter((name) => name.startsWith('xylem-'))
    .sort(),
  memory: readdirSync('/run').filter((name) => name.startsWith('xylem-')),
});
const nothing = { containers: '', images: '', units: [], memory: [] };

async function machine(context: TestContext) {
  await containerHost();
  const folder = '/var/lib/xylem-bench';
  await mkdir(folder, { recursive: true });
  const bench = new Bench(folder);
  const state = '/var/lib/xylem-containers';
  await rm(state, { recursive: true, force: true });
  await mkdir(state, { mode: 0o700 });
  context.after(async () => {
    await stopContainers(state);
    await rm(folder, { recursive: true, force: true });
  });
  const rests = async (wanted: string) => {
    const { rested, waiting, slots } = await converge(state, wanted, undefined, 'systemd');
    assert.deepEqual([...waiting], []);
    assert.ok(rested);
    return slots.get('web');
  };
  return { bench, state, rests };
}

test('a container is a unit: updated, taken back, removed with all that it brought', async (context) => {
  const { bench, state, rests } = await machine(context);
  const odd = 'canary "b" \'c\' $HOME $XYLEM_0 %n \\ `d`\n second line ';
  const container = {
    entrypoint: ['/bin/busybox', 'sh', '-c'],
    command: [
      'echo it says "$ODD"; cp /www/version /data/version; printf %s "$ODD" >/data/odd; exec busybox httpd -f -p 127.0.0.1:8080 -h /data',
    ],
    environment: { ODD: odd },
    volumes: [{ data: 'www', at: '/data' }],
  };
  await rests(await bench.wanted([web('1.0.0', { container })]));
  await serves('1.0.0');
  assert.equal(await servedVersion(port, '/odd'), odd);
  const text = readFileSync(join('/etc/systemd/system', unit), 'utf8');
  assert.ok(!text.includes('canary'), 'what everybody may read');
  assert.ok(!(await systemctl(['show', '--', unit])).includes('canary'));
  assert.match(await podman('logs', 'xylem-web'), /it says canary/);
  const two = await bench.wanted([web('2.0.0')]);
  await rests(two);
  await serves('2.0.0');
  const pid = await pidNow();
  const plans: string[] = [];
  await converge(state, two, (plan) => plans.push(plan.action), 'systemd');
  assert.deepEqual([plans, await pidNow()], [[], pid], 'what is right is left alone');
  await rests(await bench.wanted([web('1.0.0', { container })]));
  await serves('1.0.0');
  const broken = await converge(
    state,
    await bench.wanted([web('3.0.0', { broken: true })]),
    undefined,
    'systemd',
  );
  assert.equal(broken.slots.get('web')?.record?.refused?.version, '3.0.0');
  await serves('1.0.0');
  await rests(await bench.wanted([]));
  assert.equal(await servedVersion(port), null);
  assert.deepEqual(await outside(), nothing);
});

test('systemd starts one again that died, was ended or removed, and the agent one that was stopped or changed', async (context) => {
  const { bench, state, rests } = await machine(context);
  const container = { user: '1234:1234', volumes: [{ data: 'own', at: '/data' }] };
  const wanted = await bench.wanted([web('1.0.0', { container })]);
  await rests(wanted);
  const volume = join(state, 'components/web/data/own');
  assert.equal((await stat(volume)).uid, 1234);
  await writeFile(join(volume, 'of another'), '');
  await chown(join(volume, 'of another'), 77, 77);
  // The pause of an older systemd is 5 s.
  await mkdir(`/etc/systemd/system/${unit}.d`);
  await writeFile(`/etc/systemd/system/${unit}.d/sooner.conf`, '[Service]\nRestartSec=200ms\n');
  await systemctl(['daemon-reload']);
  const ends: readonly (() => Promise<unknown>)[] = [
    async () => process.kill(Number(await pidNow()), 'SIGKILL'),
    async () => process.kill((await statusNow())?.pid ?? 0, 'SIGKILL'),
    () => podman('rm', '--force', '--time', '0', 'xylem-web'),
  ];
  for (const end of ends) {
    await serves('1.0.0');
    const pid = await pidNow();
    await end();
    const isAnother = async (): Promise<boolean> => !['', '0', pid].includes(await pidNow());
    await waitUntil(isAnother, patienceMs, `another process after ${String(end)}`);
  }
  await serves('1.0.0');
  assert.equal((await stat(join(volume, 'of another'))).uid, 77, 'a start gives nothing away');
  assert.match((await rests(wanted))?.running?.ended ?? '', /3 times/);
  const changes: readonly (() => Promise<unknown>)[] = [
    () => systemctl(['stop', '--', unit]),
    () => writeFile(join('/etc/systemd/system', unit), '[Service]\n', { flag: 'a' }),
    () => rm(join('/etc/systemd/system', unit)),
  ];
  for (const change of changes) {
    await change();
    await rests(wanted);
    await serves('1.0.0');
    assert.equal((await statusNow())?.active, 'active', String(change));
  }
  await rm(`/etc/systemd/system/${unit}.d`, { recursive: true });
  assert.equal(await stopContainers(state), 1);
  assert.deepEqual({ ...(await outside()), images: '' }, nothing);
});

test('what an earlier agent started goes on, and becomes a unit when it is replaced', async (context) => {
  const { bench, state, rests } = await machine(context);
  const one = await bench.wanted([web('1.0.0')]);
  assert.ok((await converge(state, one)).rested);
  await serves('1.0.0');
  const pid = await pidNow();
  await rests(one);
  assert.deepEqual([await pidNow(), existsSync(join('/etc/systemd/system', unit))], [pid, false]);
  await rests(await bench.wanted([web('2.0.0')]));
  await serves('2.0.0');
  assert.equal((await statusNow())?.active, 'active');
  assert.equal(await stopContainers(state), 1);
});

test('what can not be started is said with the words of podman, and no unit tries it for ever', async (context) => {
  const { bench, state, rests } = await machine(context);
  const absent = { entrypoint: ['/bin/absent'], command: [], network: 'host' } as const;
  const refused = await converge(
    state,
    await bench.wanted([web('1.0.0', { container: absent })]),
    undefined,
    'systemd',
  );
  const { code, message } = refused.slots.get('web')?.record?.refused ?? {};
  assert.equal(code, 'E_SERVICE_START');
  assert.match(message ?? '', /absent/);
  const ends = { entrypoint: ['/bin/busybox', 'sh', '-c'], command: ['echo the reason; exit 3'] };
  const ended = await converge(
    state,
    await bench.wanted([web('2.0.0', { container: ends })]),
    undefined,
    'systemd',
  );
  assert.match(ended.slots.get('web')?.record?.refused?.message ?? '', /the reason/);
  await rests(await bench.wanted([]));
  await writeFile(join('/etc/systemd/system', unit), '[Service]\nExecStart=/bin/true\n');
  const held = await converge(state, await bench.wanted([web('3.0.0')]), undefined, 'systemd');
  assert.equal(held.waiting.get('web')?.code, 'E_DRIVER_UNSUPPORTED');
  await rm(join('/etc/systemd/system', unit));
  await rests(await bench.wanted([]));
  assert.deepEqual(await outside(), nothing);
});

test('killed at the journal points that touch units, the host comes to what it would have been', async (context) => {
  const { bench, state, rests } = await machine(context);
  const [none, one, two] = [
    await bench.wanted([], { purge: ['web'] }),
    await bench.wanted([web('1.0.0')]),
    await bench.wanted([web('2.0.0')], { keepPrevious: 0 }),
  ];
  const roads: readonly (readonly [string, string, readonly string[]])[] = [
    [one, two, isWhole ? ['stop/written', 'start/written', 'start/acted'] : ['start/written']],
    [two, none, isWhole ? ['stop/acted', 'remove/acted'] : ['remove/acted']],
  ];
  for (const [from, to, points] of roads) {
    await rests(from);
    await rests(to);
    const expected = await outside();
    for (const point of points) {
      await rests(from);
      assert.ok(await killedAt(state, to, `container/${point}`, 'systemd'), `${point} was never reached`);
      await rests(to);
      await serves(to === none ? null : '2.0.0');
      assert.deepEqual(await outside(), expected, point);
    }
  }
  assert.deepEqual(await outside(), nothing);
});
