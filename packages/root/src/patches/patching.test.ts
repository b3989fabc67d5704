import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { type Digest, parseNewsFile } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { ownPatchList, patchListPath } from '@xylem/store';
import { removeLater, waitUntil } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import { statePaths } from '../state/folder.ts';
import { testDatabases } from '../testing/databases.ts';
import { makerCommand, type PatchFleet, patchFleet } from '../testing/patch-fleet.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { createPatching, type Patching, type PatchingBounds } from './patching.ts';

const shownBy = async ({ root }: PatchFleet) => (await root.api('patchList', { query: {} })).patches;

/** A queue over the files and the database of a root server that makes none itself. */
async function queue(
  t: TestContext,
  { root, repository }: PatchFleet,
  command: readonly string[] = makerCommand,
  clock = systemClock,
  bounds?: PatchingBounds,
): Promise<Patching & { readonly told: string[] }> {
  const told: string[] = [];
  const paths = statePaths(root.folder);
  const db = await openDatabase({ kind: 'sqlite', file: paths.database });
  const patching = createPatching({
    command,
    ...(bounds === undefined ? {} : { bounds }),
    root: {
      db,
      repository,
      paths,
      directing: { tellPatches: async (domain: string) => void told.push(domain) },
      restored: { isRestored: () => false },
      clock,
      log: silentLog,
    } as never,
  });
  removeLater(t, async () => {
    await patching.close();
    await db.destroy();
  });
  return { ...patching, told };
}

for (const { kind, skip, options } of await testDatabases({ after }))
  test(`between what hosts run and the newest release a patch is made, served, told, and taken away when all have gone over: ${kind}`, {
    skip,
  }, async (t) => {
    const clock = shiftedClock(0);
    const fleet = await patchFleet(t, { ...(await options('patches')), patchMaker: makerCommand, clock });
    const { root, host, repository, shop } = fleet;
    const one = await fleet.publish('1.0.0');
    await fleet.runs('1.0.0');
    const two = await fleet.publish('2.0.0');
    await waitUntil(async () => (await shownBy(fleet)).some(({ state }) => state === 'made'), 60_000);
    const [made] = await shownBy(fleet);
    assert.ok(made?.patch != null && made.sizeBytes !== null);
    assert.deepEqual(
      [
        made.from,
        made.to,
        made.fromTree,
        made.toTree,
        made.hosts,
        made.wentOver,
        made.taken,
        made.savedBytes,
      ],
      ['1.0.0', '2.0.0', one.tree, two.tree, 1, 0, 0, 0],
    );
    assert.ok(made.sizeBytes < 1_000 && made.chunkBytes > 20_000, JSON.stringify(made));
    const list = await waitUntil(() => ownPatchList(repository, shop.domain, two.tree));
    assert.deepEqual(list.patches, [
      [one.tree, made.patch, made.sizeBytes, list.patches[0]?.[3], made.chunkBytes],
    ]);
    assert.ok((list.patches[0]?.[3] ?? 0) > 50_000);

    await root.api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', version: '2.0.0', environments: ['production'] } as never,
    });
    const path = `/${patchListPath(shop.domain, two.tree)}`;
    await waitUntil(async () => (await host.get(path)).status === 200, 30_000);
    assert.equal((await host.get(`/o/${shop.domain}/${made.patch}`)).body.length, made.sizeBytes);

    const came = { from: one.tree, bytes: made.sizeBytes + 500 };
    await fleet.runs('2.0.0', came);
    // What says the same once more is the same arrival.
    await fleet.runs('2.0.0', came);
    await waitUntil(async () => (await shownBy(fleet))[0]?.hosts === 0, 60_000);
    const [gone] = await shownBy(fleet);
    assert.deepEqual([gone?.wentOver, gone?.taken], [1, 1]);
    assert.equal(gone?.savedBytes, made.chunkBytes - came.bytes);
    await fleet.runs('1.0.0');
    await fleet.runs('2.0.0', { from: one.tree, bytes: 2 ** 50 });
    await fleet.runs('1.0.0');
    await fleet.runs('2.0.0');
    const [liar] = await shownBy(fleet);
    assert.deepEqual([liar?.taken, liar?.savedBytes], [2, gone?.savedBytes], 'nothing is saved by a claim');
    clock.pass(3700_000);
    await waitUntil(async () => (await shownBy(fleet)).length === 0, 60_000);
    assert.equal(await ownPatchList(repository, shop.domain, two.tree), null);
    assert.equal(await repository.hasObject(shop.domain, made.patch as Digest), false);
  });

test('a patch that is made after its release was directed is told in the news that lead there', async (t) => {
  const fleet = await patchFleet(t, { patchMaker: makerCommand });
  const { root, host, shop } = fleet;
  await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  const params = { tenant: 'default', environment: 'production' };
  const shown = async () => await root.api('environmentShow', { params });
  const before = await shown();
  const two = await fleet.publish('2.0.0');
  await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '2.0.0', environments: ['production'] } as never,
  });
  const after = await shown();
  assert.ok((after.snapshotVersion ?? 0) > (before.snapshotVersion ?? 0));
  const path = `/news/${host.answer.environment.id}/${before.snapshotVersion}-${after.snapshotVersion}`;
  const told = async (): Promise<readonly string[]> => {
    const { status, body } = await host.get(path);
    return status === 200 ? Object.keys(parseNewsFile(zstdDecompressSync(body)).files) : [];
  };
  const list = patchListPath(shop.domain, two.tree);
  assert.ok((await told()).length > 0 && !(await told()).includes(list), 'before it is made');
  await waitUntil(async () => (await told()).includes(list), 60_000);
});

test('a release that is deployed in one environment is made for the hosts of that alone, once', async (t) => {
  const fleet = await patchFleet(t);
  await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  const patching = await queue(t, fleet, ['true']);
  await patching.look();
  assert.deepEqual(await shownBy(fleet), []);
  await fleet.publish('1.1.0');
  await fleet.publish('1.2.0');
  await fleet.root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.1.0', environments: ['production'] } as never,
  });
  await patching.look();
  const shown = await shownBy(fleet);
  assert.deepEqual(
    shown.map(({ from, to }) => `${from} ${to}`).sort(),
    ['1.0.0 1.1.0', '1.0.0 1.2.0'],
    'what is directed, and what is newest',
  );
});

test('a host that skipped five versions has a patch of its own to the newest', async (t) => {
  const fleet = await patchFleet(t, { patchMaker: makerCommand });
  await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  for (const version of ['2.0.0', '3.0.0', '4.0.0', '5.0.0', '6.0.0']) await fleet.publish(version);
  const made = await waitUntil(
    async () => (await shownBy(fleet)).find(({ to, state }) => to === '6.0.0' && state === 'made'),
    60_000,
  );
  assert.equal(made.from, '1.0.0');
  assert.ok(
    (made.sizeBytes ?? Number.POSITIVE_INFINITY) < 1_000 && made.chunkBytes > 20_000,
    JSON.stringify(made),
  );
});

test('what hardly travels is not worth a patch', async (t) => {
  const fleet = await patchFleet(t);
  const { shop, root } = fleet;
  for (const version of ['1.0.0', '1.1.0']) {
    await shop.publish('shop-web', version, { 'a.txt': version });
    await shop.release(version, { 'shop-web': version });
  }
  const { package: digest } = await root.api('packageShow', {
    params: { product: 'shop', component: 'shop-web', version: '1.0.0' },
  });
  await fleet.host.report([
    { component: 'shop-web', product: 'shop', package: digest as Digest, version: '1.0.0' as never },
  ]);
  await (await queue(t, fleet)).look();
  const [one] = await shownBy(fleet);
  assert.equal(one?.state, 'useless');
  assert.equal(one?.sizeBytes, null);
});

test('a maker that fails is tried three times with pauses, and what it said is shown', async (t) => {
  const clock = shiftedClock(0);
  const fleet = await patchFleet(t, { clock });
  await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  await fleet.publish('2.0.0');
  const said = `console.log(JSON.stringify({ fault: { code: 'E_STORAGE', message: 'Broken ' + process.pid } }))`;
  const patching = await queue(t, fleet, [process.execPath, '-e', said, '--'], clock);
  const faults = new Set<string>();
  const afterAttempt = async (): Promise<string | undefined> => {
    const one = await waitUntil(async () => {
      await patching.look();
      const [shown] = await shownBy(fleet);
      return shown?.fault != null && !faults.has(shown.fault) ? shown : null;
    });
    assert.match(one.fault ?? '', /^E_STORAGE: Broken \d+$/);
    faults.add(one.fault ?? '');
    return one.state;
  };
  assert.equal(await afterAttempt(), 'queued');
  await patching.look();
  clock.pass(61_000);
  assert.equal(await afterAttempt(), 'queued');
  clock.pass(241_000);
  assert.equal(await afterAttempt(), 'failed');
});

test('trees that are too large for a patch are not tried again, and that is shown', async (t) => {
  const clock = shiftedClock(0);
  const fleet = await patchFleet(t, { clock });
  await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  await fleet.publish('2.0.0');
  const said = `console.log(JSON.stringify({ fault: { code: 'E_TOO_LARGE', message: 'Too many names.' } }))`;
  const patching = await queue(t, fleet, [process.execPath, '-e', said, '--'], clock);
  const shown = await waitUntil(async () => {
    await patching.look();
    const [one] = await shownBy(fleet);
    return one?.fault != null ? one : null;
  });
  assert.deepEqual([shown.state, shown.fault], ['failed', 'E_TOO_LARGE: Too many names.']);
  clock.pass(3600_000);
  await patching.look();
  assert.equal((await shownBy(fleet))[0]?.state, 'failed');
});

test('a disk with too little room is said and looked at again, and above what may be kept nothing is made', async (t) => {
  const clock = shiftedClock(0);
  const fleet = await patchFleet(t, { clock });
  await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  await fleet.publish('2.0.0');
  const mostKeptBytes = 2 ** 30;
  const full = await queue(t, fleet, makerCommand, clock, { spareBytes: 2 ** 60, mostKeptBytes });
  await full.look();
  const said = await waitUntil(async () => (await shownBy(fleet))[0]?.fault);
  assert.match(said, /^E_DISK_FULL: Making the patch needs \d+ bytes in .* for a while, and \d+ are free\.$/);
  await full.close();

  const spareBytes = 0;
  const kept = await queue(t, fleet, makerCommand, clock, { spareBytes, mostKeptBytes: 0 });
  clock.pass(601_000);
  await kept.look();
  await kept.close();
  assert.equal((await shownBy(fleet))[0]?.state, 'queued');
  const enough = await queue(t, fleet, makerCommand, clock, { spareBytes, mostKeptBytes });
  await enough.look();
  await waitUntil(async () => (await shownBy(fleet))[0]?.state === 'made', 30_000);
});

test('what becomes useless while it is made is given up, and its process ends', async (t) => {
  const fleet = await patchFleet(t);
  await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  const two = await fleet.publish('2.0.0');
  const note = join(fleet.root.folder, 'maker-runs');
  const endless = [
    process.execPath,
    '-e',
    `require('fs').writeFileSync(${JSON.stringify(note)}, String(process.pid)); setInterval(() => {}, 1000)`,
    '--',
  ];
  const patching = await queue(t, fleet, endless);
  await patching.look();
  await waitUntil(() => existsSync(note));
  const pid = Number(await waitUntil(async () => (await readFile(note, 'utf8')) || null));
  await fleet.runs('1.0.0');
  await patching.look();
  // Who publishes waits for no patch.
  await fleet.shop.publish('shop-worker', '1.0.0', { 'worker.js': 'work' });
  await fleet.shop.release('2.0.1', { 'shop-worker': '1.0.0' });
  assert.ok(isAlive(pid), 'as long as it is wanted');
  await fleet.host.report([
    { component: 'shop-web', product: 'shop', package: two.package, version: '2.0.0' as never },
  ]);
  await patching.look();
  await waitUntil(() => !isAlive(pid));
  assert.deepEqual(await shownBy(fleet), []);
});

test('a start makes good what a crash left: objects that are gone, lists that say something else', async (t) => {
  const fleet = await patchFleet(t);
  const one = await fleet.publish('1.0.0');
  await fleet.runs('1.0.0');
  const two = await fleet.publish('2.0.0');
  const { repository, shop } = fleet;
  const first = await queue(t, fleet);
  const isMade = (): Promise<true> =>
    waitUntil(async () => (await shownBy(fleet))[0]?.state === 'made', 30_000);
  await first.look();
  await isMade();
  await waitUntil(() => first.told.length > 0);
  assert.deepEqual(first.told, [shop.domain]);
  const listed = await ownPatchList(repository, shop.domain, two.tree);
  assert.equal(listed?.patches[0]?.[0], one.tree);
  await first.close();
  await repository.removeFile(patchListPath(shop.domain, two.tree));
  await repository.putFile(patchListPath(shop.domain, one.tree), 'left over');
  const second = await queue(t, fleet);
  await second.look();
  assert.deepEqual(await ownPatchList(repository, shop.domain, two.tree), listed);
  assert.deepEqual(await repository.listFiles(`o/${shop.domain}/patches`), [two.tree]);
  await second.close();
  await repository.removeObject(shop.domain, listed?.patches[0]?.[1] as Digest);
  const third = await queue(t, fleet);
  await third.look();
  await waitUntil(() => third.told.length > 0);
  assert.deepEqual(await ownPatchList(repository, shop.domain, two.tree), listed, 'the same bytes again');
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
