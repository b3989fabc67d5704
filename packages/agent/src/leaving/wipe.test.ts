import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256, XylemError } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { tempFolder, testMain } from '@xylem/testkit';
import type { JoinedHost } from '@xylem/testkit/builders';
import { movedTrustMap, saveLeaving } from '@xylem/trust';
import { carriedFile } from '../direction/carried.ts';
import { beforeStore } from '../drivers/files/before.ts';
import { placedFile } from '../drivers/files/placed-file.ts';
import { openIdentity } from '../identity/current.ts';
import { parsePlaced } from '../slot/record.ts';
import { stateLayout } from '../state/layout.ts';
import { supervisorClient } from '../supervisor/client.ts';
import type { ServiceSpec } from '../supervisor/protocol.ts';
import { testPackage } from '../testing/packages.ts';
import { Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';
import { finishLeaving, type WipePoint, wipeSteps } from './wipe.ts';

const main = testMain(new URL('../testing/leave-main.ts', import.meta.url));
const supervisorMain = testMain(new URL('../testing/supervisor-main.ts', import.meta.url));
const canary = 'CANARY-of-the-old-tenant-4f1b';

const points: readonly WipePoint[] = [...wipeSteps, 'identity' as const].flatMap((step) => [
  `${step}/begin` as const,
  `${step}/end` as const,
]);

/** A host of acme that has something of everything, and has just been told where it goes. */
async function leavingHost(site: Site, keepData: boolean) {
  const host = await site.host(['https://127.0.0.1:1']);
  const layout = stateLayout(host.stateFolder);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
  };
  const accepted = {
    snapshot: 7,
    number: 7,
    components: [],
    held: [],
    purge: [],
    floors: { 'r/shop': '2.0.0' },
  };
  for (const name of ['secrets.key', 'data-keys.json', 'recipient.json', 'data-keys.json.damaged'])
    await write(join(layout.identity, name), canary);
  await write(
    layout.accepted,
    JSON.stringify({ format: 'xylem-accepted-1', ...accepted, environmentName: canary }),
  );
  await write(
    join(layout.documents, 'a'.repeat(64)),
    `{"format":"xylem-hostmap-1","hosts":{"x":"${canary}"}}`,
  );
  await write(join(layout.documents, 'b'.repeat(64)), '{"format":"xylem-package-1"}');
  await write(join(layout.trust, site.environment.id, 'state.json'), canary);
  // Where it lived before within the tenant, and what was set aside there.
  await write(join(layout.trust, 'f'.repeat(32), 'targets', 'desired-state.json'), canary);
  await write(join(layout.trust, 'carried.json.damaged'), canary);
  await write(join(layout.trust, site.vendor.id, 'state.json'), 'kept');
  await write(join(layout.reports, 'state.json'), 'kept');
  await write(join(layout.reports, 'newest.json'), canary);
  await write(join(layout.component('open').data, 'file'), canary);
  await write(join(layout.component('open').trees, 'tree', 'file'), 'kept');
  await write(join(layout.root, 'relay', 'repository', 'file'), canary);
  await write(join(layout.found, 'file'), canary);
  const outside = await tempFolder(site.context);
  for (const component of ['holds', 'plain']) {
    const to = join(outside, component);
    await write(to, `${component} ${canary}`);
    const own = layout.component(component);
    const { mode, uid, gid } = await stat(to);
    const before = {
      bytes: Buffer.from('before'),
      digest: sha256('before'),
      owner: { mode: mode & 0o777, uid, gid },
    };
    await beforeStore(own.before, silentLog).keep(to, { what: 'file', look: '', ...before });
    const config = component === 'holds' ? { password: { $sealed: sealed } } : {};
    const placed = parsePlaced(
      JSON.parse(JSON.stringify(testPackage({ component, version: '1.0.0', config }))),
    );
    const one = { to, digests: [sha256(`${component} ${canary}`)], ...before.owner, look: '' };
    await placedFile(own.placed, silentLog).write({ placed, isPending: false, folders: [], files: [one] });
  }
  const supervisor = supervisorClient({
    stateFolder: host.stateFolder,
    command: [process.execPath, supervisorMain, host.stateFolder],
    clock: systemClock,
    log: silentLog,
    changed: () => undefined,
  });
  const spec = (component: string): ServiceSpec => ({
    component,
    command: [process.execPath, '-e', 'setInterval(() => undefined, 1000)'],
    environment: {},
    workingFolder: host.stateFolder,
    stopTimeoutMs: 2_000,
    tree: 'c'.repeat(64),
    ...(component === 'sealed' ? { sealed: { PASSWORD: 'version' } } : {}),
    fingerprint: component,
  });
  await supervisor.start(spec('open'), {});
  await supervisor.start(spec('sealed'), { PASSWORD: canary });
  const pids = new Map(
    (await supervisor.list()).map(({ component, process: running }) => [component, running?.pid ?? 0]),
  );
  supervisor.close();
  count += 1;
  const next = await site.installation.addEnvironment(`globex/e${count}`);
  const trustMap = movedTrustMap(host.identity.trustMap, next.id, next.firstRoot);
  const environment = { id: next.id, name: 'globex/production' };
  const identity = { ...host.identity, environment, trustMap, parents: ['https://relay.globex:1'] };
  await saveLeaving(layout.identity, identity, { from: site.environment.id, keepData });
  return { host, layout, pids, environment, outside };
}
const sealed = { generation: 1, version: 'a'.repeat(32), holder: 'anna', age: 'YWdl' };
let count = 0;

const lives = (pid: number): boolean => existsSync(`/proc/${pid}/cmdline`);

/** Every file that still says something of the old tenant. */
async function found(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files
    .filter((file) => readFileSync(file).includes(canary))
    .map((file) => file.slice(folder.length + 1));
}

function killedAt(host: JoinedHost, point: WipePoint): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, host.stateFolder, point], (error, _out, said) => {
      if (error?.signal === 'SIGKILL') resolve(true);
      else if (error === null) resolve(false);
      else reject(new Error(`${error.message}\n${said}`));
    });
  });
}

for (const keepData of [false, true]) {
  test(`killed at any point, the wipe is finished before anything else (${keepData ? 'with' : 'without'} data)`, {
    timeout: 240_000,
  }, async (t) => {
    const site = await Site.create(t);
    for (const point of points) {
      await t.test(point, async () => {
        const { host, layout, pids, environment, outside } = await leavingHost(site, keepData);
        assert.ok((await found(host.stateFolder)).length > 5, 'the search finds what is there');
        assert.ok(await killedAt(host, point), `${point} was never reached`);
        // Until it is finished, nobody takes this host for one of the new tenant.
        if (point !== 'identity/end') await assert.rejects(openIdentity(layout.identity), { code: 'E_BUSY' });
        await finishLeaving({ layout, clock: systemClock, log: silentLog });
        const left = keepData ? ['components/open/data/file'] : [];
        assert.deepEqual(await found(host.stateFolder), left);
        const own = (await openIdentity(layout.identity)).get();
        assert.deepEqual([own.environment, own.parents], [environment, ['https://relay.globex:1']]);
        assert.equal(own.host, host.identity.host);
        assert.deepEqual((await carriedFile(layout.trust, silentLog).read())?.floors, { 'r/shop': '2.0.0' });
        assert.equal(await readFile(join(layout.component('open').trees, 'tree', 'file'), 'utf8'), 'kept');
        assert.ok(existsSync(join(layout.documents, 'b'.repeat(64))));
        assert.equal(await readFile(join(layout.trust, site.vendor.id, 'state.json'), 'utf8'), 'kept');
        assert.equal(await readFile(join(outside, 'holds'), 'utf8'), 'before');
        assert.equal(await readFile(join(outside, 'plain'), 'utf8'), `plain ${canary}`);
        await waitFor('services with sealed values have ended', () => !lives(pids.get('sealed') ?? 0));
        assert.equal(lives(pids.get('open') ?? 0), keepData, 'the other service goes on only with its data');
      });
    }
  });
}

test('a program that knows no other tenant does not take the host for one of the new', async (t) => {
  const site = await Site.create(t);
  const { layout } = await leavingHost(site, false);
  const copy = join(layout.root, 'copy');
  await cp(layout.identity, copy, { recursive: true });
  const { format } = JSON.parse(await readFile(join(copy, 'move.json'), 'utf8')) as { format: string };
  assert.equal(format, 'xylem-move-2', 'which it calls damaged');
});

test('what keeps the wipe from being finished is said by a code, and keeps the host where it is', async (t) => {
  const site = await Site.create(t);
  const { layout } = await leavingHost(site, false);
  await rm(layout.trust, { recursive: true });
  await writeFile(layout.trust, 'no folder');
  await assert.rejects(finishLeaving({ layout, clock: systemClock, log: silentLog }), XylemError);
  await assert.rejects(openIdentity(layout.identity), { code: 'E_BUSY' });
  await rm(layout.trust);
  await mkdir(layout.trust);
  await finishLeaving({ layout, clock: systemClock, log: silentLog });
  assert.deepEqual(await found(layout.root), []);
});
