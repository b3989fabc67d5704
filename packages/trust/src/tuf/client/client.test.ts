import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sha256, type Version, XylemError } from '@xylem/core';
import { clientOf, TestClock, temporaryFolder } from '../../testing/readers.ts';
import {
  changeState,
  dayMs,
  directionRepository,
  director,
  releaseBytes,
  startMs,
  TestReleases,
  TestRepository,
} from '../../testing/test-repository.ts';
import { desiredStateTarget, releaseTarget } from '../names.ts';
import { binOf } from '../write/bins.ts';
import { TufClient } from './client.ts';

async function follow(
  t: TestContext,
  repository: TestRepository,
): Promise<{ client: TufClient; folder: string; clock: TestClock; again(): TufClient; asked: string[] }> {
  const folder = await temporaryFolder(t);
  const clock = new TestClock(startMs);
  const asked: string[] = [];
  const again = (): TufClient =>
    clientOf(repository, folder, clock, async (path) => {
      asked.push(path);
      return repository.fetch(path);
    });
  return { client: again(), folder, clock, again, asked };
}

const offline = (): Promise<never> => Promise.reject(new XylemError('E_PARENT_UNREACHABLE', 'offline'));

test('a known timestamp saves asking for it, and an unchanged refresh asks for the next root alone', async (t) => {
  const repository = await directionRepository('known');
  const { client, asked } = await follow(t, repository);
  await client.refresh();
  asked.length = 0;
  await changeState(repository, 'next');
  const knownTimestamp = repository.file('metadata/timestamp.json');
  assert.equal((await client.refresh({ knownTimestamp })).changed, true);
  const { snapshot, targets } = client.state();
  assert.deepEqual(asked, [
    'metadata/2.root.json',
    `metadata/${snapshot}.snapshot.json`,
    `metadata/${targets}.targets.json`,
  ]);
  asked.length = 0;
  assert.equal((await client.refresh({ knownTimestamp })).changed, false);
  assert.deepEqual(asked, ['metadata/2.root.json']);
});

test('a new process starts offline from the stored state and reads the accepted target', async (t) => {
  const repository = await directionRepository('offline', 'kept');
  const { client, folder, clock } = await follow(t, repository);
  await client.refresh();
  await client.readTarget(desiredStateTarget, 100);
  clock.nowMs += 400 * dayMs;
  const restarted = clientOf(repository, folder, clock, offline);
  assert.deepEqual(await restarted.open(), client.state());
  await assert.rejects(restarted.readTarget(desiredStateTarget, 100), { code: 'E_METADATA_EXPIRED' });
  const bytes = await restarted.readTarget(desiredStateTarget, 100, { evenExpired: true });
  assert.equal(bytes?.toString(), 'kept');
  await assert.rejects(restarted.refresh(), { code: 'E_PARENT_UNREACHABLE' });
});

test('delegated roles are fetched only when a target needs them, and kept', async (t) => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0, 60));
  const { client, asked, again } = await follow(t, repository);
  await client.refresh();
  assert.equal(asked.filter((path) => path.includes('p-')).length, 0);
  const target = releaseTarget('shop', sha256(releaseBytes(7)));
  const info = await client.target(target);
  assert.equal(info?.length, releaseBytes(7).length);
  assert.deepEqual(info?.roles.length, 3);
  assert.deepEqual(await client.readTarget(target, 4096), releaseBytes(7));
  assert.equal(asked.filter((path) => path.includes('p-')).length, 2);
  assert.equal(await client.target('release/shop/unknown.json'), null);
  const restarted = again();
  await restarted.open();
  asked.length = 0;
  assert.ok(await restarted.target(target));
  assert.deepEqual(asked, []);
});

test('floor and withdrawals of a product are read from its role', async (t) => {
  const repository = await TestReleases.make();
  const withdrawn = [sha256('bad')] as never;
  repository.content = { ...repository.content, floor: '1.2.3' as Version, withdrawn };
  await repository.publish(await repository.sign());
  const { client } = await follow(t, repository);
  await client.refresh();
  const rules = await client.productRules(`p-${repository.product.domain}`);
  assert.deepEqual([rules?.floor, rules?.withdrawn], ['1.2.3', [sha256('bad')]]);
  assert.equal(await client.productRules('p-unknown'), null);
});

test('a whole set of another repository is refused though the same keys signed it, and leaves nothing behind', async (t) => {
  const ours = await directionRepository('ours', 'our state', 'shared keys');
  const { folder, clock, again } = await follow(t, ours);
  await again().refresh();
  const theirs = new TestRepository('theirs', 'shared keys');
  theirs.nowMs += dayMs;
  await theirs.create(await director(theirs, 'their state'));
  const mixed = clientOf(ours, folder, clock, theirs.fetch);
  const before = await mixed.open();
  await assert.rejects(mixed.refresh(), { code: 'E_METADATA_INVALID' });
  assert.deepEqual(mixed.state(), before);
  await changeState(ours, 'our next state');
  const healed = again();
  await healed.refresh();
  assert.equal((await healed.readTarget(desiredStateTarget, 100))?.toString(), 'our next state');
});

test('the pinned root must be the one that the id names', async (t) => {
  const repository = await directionRepository('pinned');
  const other = await directionRepository('not pinned');
  const client = new TufClient({
    id: other.id,
    pinnedRoot: repository.pinned,
    stateFolder: await temporaryFolder(t),
    fetchMetadata: repository.fetch,
    clock: new TestClock(startMs),
  });
  await assert.rejects(client.open(), { code: 'E_METADATA_INVALID' });
});

test("time's floor rises from signed content, survives a restart and a clock that went back, and ends a freeze", async (t) => {
  const repository = await directionRepository('floor');
  const { client, clock, again } = await follow(t, repository);
  await client.refresh();
  assert.equal(client.state().floorMs, startMs);
  await client.raiseFloor(startMs + 8 * dayMs);
  await client.raiseFloor(startMs + 2 * dayMs);
  clock.nowMs = startMs - 1000 * dayMs;
  const restarted = again();
  assert.equal((await restarted.open()).floorMs, startMs + 8 * dayMs);
  await assert.rejects(restarted.refresh(), { code: 'E_METADATA_EXPIRED' });
  repository.nowMs = startMs + 9 * dayMs;
  await repository.publish([]);
  await restarted.refresh();
  assert.equal(restarted.state().floorMs, startMs + 9 * dayMs);
});

test('a clock far ahead never raises the floor', async (t) => {
  const repository = await directionRepository('ahead');
  const { client, clock } = await follow(t, repository);
  clock.nowMs = startMs + 3000 * dayMs;
  await assert.rejects(client.refresh(), { code: 'E_METADATA_EXPIRED' });
  clock.nowMs = startMs;
  await client.refresh();
  assert.equal(client.state().floorMs, startMs);
});

test("a snapshot that the site's direction names counts as fresh, an older one does not", async (t) => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0, 3));
  const { client, clock } = await follow(t, repository);
  clock.nowMs = startMs + 100 * dayMs;
  await assert.rejects(client.refresh(), { code: 'E_METADATA_EXPIRED' });
  const snapshot = repository.versions.get('snapshot') ?? 0;
  await assert.rejects(client.refresh({ vouchedSnapshot: snapshot + 1 }), { code: 'E_METADATA_EXPIRED' });
  const options = { vouchedSnapshot: snapshot };
  await client.refresh(options);
  const target = releaseTarget('shop', sha256(releaseBytes(1)));
  assert.deepEqual(await client.readTarget(target, 4096, options), releaseBytes(1));
  await assert.rejects(client.target(target), { code: 'E_METADATA_EXPIRED' });
});

test('exported metadata lets another client start from it alone', async (t) => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0, 60));
  const { client, clock } = await follow(t, repository);
  await client.refresh();
  const target = releaseTarget('shop', sha256(releaseBytes(7)));
  await client.target(target);
  const exported = await client.exportMetadata();
  assert.equal(exported.at(-1)?.path, 'metadata/timestamp.json');
  for (const { path, bytes } of exported)
    assert.deepEqual(Buffer.from(bytes), Buffer.from(repository.file(path)), path);
  const copy = new Map(exported.map((file) => [file.path, file.bytes]));
  const child = clientOf(repository, await temporaryFolder(t), clock, async (path) => copy.get(path) ?? null);
  await child.refresh();
  assert.ok(await child.target(target));
});

test('damaged or missing state is fetched again, whatever file it is', async (t) => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0, 60));
  const { client, folder, again } = await follow(t, repository);
  const target = releaseTarget('shop', sha256(releaseBytes(7)));
  await client.refresh();
  await client.readTarget(target, 4096);
  const state = join(folder, repository.id);
  const files = (await readdir(state, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  assert.ok(files.length >= 6);
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const honest = await readFile(path);
    for (const damage of ['', '{}', '{"format":"xylem-tuf-state-1"', honest.toString().replace(/\d/, '7')]) {
      await writeFile(path, damage);
      const restarted = again();
      await restarted.open();
      await restarted.refresh();
      assert.deepEqual(
        await restarted.readTarget(target, 4096),
        releaseBytes(7),
        `${file.name}: ${damage.slice(0, 40)}`,
      );
      assert.equal(restarted.state().snapshot, client.state().snapshot);
    }
  }
});

test('a role whose file was damaged is fetched again where it is needed, without a newer snapshot', async (t) => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0));
  const { client, folder, again } = await follow(t, repository);
  const role = `p-${repository.product.domain}`;
  await client.refresh();
  const rules = await client.productRules(role);
  const state = join(folder, repository.id);
  const files = (await readdir(state)).filter((name) => /^\d+\.(targets|p-.*)\.json$/.test(name));
  assert.equal(files.length, 2);
  for (const name of files) {
    await writeFile(join(state, name), '{"signed":');
    const restarted = again();
    await restarted.open();
    assert.deepEqual(await restarted.productRules(role), rules, name);
    assert.match(await readFile(join(state, name), 'utf8'), /"signatures"/);
  }
});

test('interrupted between any two files a start finds the former state or the next', async (t) => {
  const repository = await directionRepository('crash', 'one');
  const { client, folder, clock, again } = await follow(t, repository);
  await client.refresh();
  const before = client.state();
  const state = join(folder, repository.id);
  const former = await readFile(join(state, 'state.json'));
  await changeState(repository, 'two');
  await client.refresh();
  // As if killed after the new files and before state.json was replaced: the former files are pruned only after it.
  const newer = await readFile(join(state, 'state.json'));
  await writeFile(join(state, 'state.json'), former);
  const restarted = clientOf(repository, folder, clock, offline);
  const found = await restarted.open();
  assert.equal(found.timestamp, before.timestamp);
  const online = again();
  await online.refresh();
  assert.equal(online.state().snapshot, client.state().snapshot);
  assert.equal((await readFile(join(state, 'state.json'))).equals(newer), true);
});

test('former versions, temporaries and more than 64 targets do not pile up', async (t) => {
  const repository = await directionRepository('pile');
  const { client, folder } = await follow(t, repository);
  for (let number = 0; number < 70; number += 1) {
    await changeState(repository, `state ${number}`);
    await client.refresh();
    await client.readTarget(desiredStateTarget, 100);
  }
  const state = join(folder, repository.id);
  assert.equal((await readdir(join(state, 'targets'))).length, 64);
  assert.equal((await readdir(state)).length, 4);
});

test('two refreshes and reads at once do not disturb each other', async (t) => {
  const repository = await directionRepository('at once');
  const { client } = await follow(t, repository);
  await Promise.all([client.refresh(), client.refresh(), client.open(), client.refresh()]);
  await changeState(repository, 'new');
  const results = await Promise.all([
    client.refresh(),
    client.readTarget(desiredStateTarget, 100),
    client.refresh(),
  ]);
  assert.deepEqual([results[0].changed, results[2].changed], [true, false]);
  assert.equal(results[1]?.toString(), 'new');
});

test('a target with other bytes, or above its bound, is refused', async (t) => {
  const repository = await directionRepository('bytes', 'state');
  const { client } = await follow(t, repository);
  await client.refresh();
  const info = await client.target(desiredStateTarget);
  const honest = repository.file(info?.filePath ?? '');
  repository.files.set(info?.filePath ?? '', Buffer.from('stale'));
  await assert.rejects(client.readTarget(desiredStateTarget, 100), { code: 'E_OBJECT_DIGEST' });
  await assert.rejects(client.readTarget(desiredStateTarget, 4), { code: 'E_TOO_LARGE' });
  repository.files.set(info?.filePath ?? '', Buffer.concat([honest, honest]));
  await assert.rejects(client.readTarget(desiredStateTarget, 100), { code: 'E_TOO_LARGE' });
  repository.files.set(info?.filePath ?? '', honest);
  assert.equal((await client.readTarget(desiredStateTarget, 100))?.toString(), 'state');
});

test('a huge role that nobody signed is refused without being built', { timeout: 60_000 }, async (t) => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0, 60));
  const { client } = await follow(t, repository);
  await client.refresh();
  // A bin: of other roles the snapshot says the length.
  const role = binOf(`p-${repository.product.domain}`, 16, 'release/shop/any.json');
  const honest = JSON.parse(Buffer.from(repository.current(role)).toString()) as {
    signed: { targets: object };
  };
  const names = Array.from({ length: 300_000 }, (_, index) => [`x${index}`, { length: 1, hashes: {} }]);
  honest.signed.targets = Object.fromEntries(names);
  repository.files.set(
    `metadata/${repository.versions.get(role)}.${role}.json`,
    Buffer.from(JSON.stringify(honest)),
  );
  await assert.rejects(client.target('release/shop/any.json'), { code: 'E_METADATA_SIGNATURE' });
});
