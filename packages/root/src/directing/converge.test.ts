import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRepository, type Repository } from '@xylem/store';
import { tempFolder } from '@xylem/testkit';
import { metadataPath, publishRoles, repositoryIdOf, signRoot, TufClient } from '@xylem/trust';
import { makeDirectionKeys } from '../keys/root-keys.ts';
import { repositoryPath, writeRepositoryFiles } from '../publishing/repository-files.ts';
import { convergeDirection } from './converge.ts';

const hourMs = 3600_000;
const dayMs = 24 * hourMs;
const begin = Date.parse('2026-11-21T00:00:00Z');

async function installation(t: Parameters<typeof tempFolder>[0]) {
  const keys = makeDirectionKeys();
  const roles = {
    root: { keys: [keys.root] },
    targets: { keys: [keys.director] },
    snapshot: { keys: [keys.snapshot] },
    timestamp: { keys: [keys.timestamp] },
  };
  const first = await signRoot({ roles, signers: [keys.root], nowMs: begin });
  const repository = repositoryIdOf(first.file.bytes);
  const folder = await openRepository(await tempFolder(t, 'repository'));
  await writeRepositoryFiles(folder, repository, [first.file]);
  let nowMs = begin;
  const client = new TufClient({
    id: repository,
    pinnedRoot: first.file.bytes,
    stateFolder: await tempFolder(t, 'tuf'),
    clock: { now: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined },
    fetchMetadata: (path) => folder.readFile(repositoryPath(repository, path)),
  });
  const converge = async (
    at: number,
    document: string,
    options: { atLeast?: number; folder?: Repository } = {},
  ) => {
    nowMs = at;
    return await convergeDirection({
      folder: options.folder ?? folder,
      repository,
      document: Buffer.from(document),
      keys,
      nowMs,
      atLeast: options.atLeast ?? 0,
      beforeTimestamp: async () => undefined,
    });
  };
  return { client, converge, folder, repository, keys };
}

test('signs a timestamp anew each day, and what is about to expire, waking nobody for a timestamp', async (t) => {
  const { client, converge } = await installation(t);
  const first = await converge(begin, 'one');
  assert.equal(first.isNew, true);
  assert.equal((await converge(begin + hourMs, 'one')).isNew, false);
  const { state } = await client.refresh();
  let renewed = 0;
  for (let day = 1; day <= 200; day += 1) {
    const { isNew } = await converge(begin + day * dayMs + hourMs, 'one');
    if (isNew) renewed += 1;
    // A client that looks each day never meets anything expired, nor older than what it has.
    const next = (await client.refresh()).state;
    assert.ok(next.expiresAt > begin + day * dayMs + 2 * dayMs);
    assert.ok(next.timestamp > state.timestamp);
  }
  assert.ok(renewed >= 8 && renewed <= 12, `snapshot or director signed anew ${renewed} times in 200 days`);
});

test('a change is a new snapshot at once, the same again is none', async (t) => {
  const { client, converge } = await installation(t);
  await converge(begin, 'one');
  await client.refresh();
  const two = await converge(begin + 1, 'two');
  assert.equal(two.isNew, true);
  assert.equal((await client.refresh()).changed, true);
  assert.equal(Buffer.from((await client.readTarget('desired-state.json', 100)) ?? []).toString(), 'two');
  assert.equal((await converge(begin + 2, 'two')).isNew, false);
  const high = await converge(begin + 3, 'two', { atLeast: two.snapshotVersion + 5000 });
  assert.equal(high.snapshotVersion, two.snapshotVersion + 5000);
  await client.refresh();
});

test('interrupted before any file, the next run makes it good, and a reader never sees half of it', async (t) => {
  const { client, converge, folder } = await installation(t);
  await converge(begin, 'one');
  for (let writes = 0, done = false; !done; writes += 1) {
    let left = writes;
    const dying = new Proxy(folder, {
      get: (target, name) =>
        name === 'putFile' || name === 'putFiles'
          ? async (...args: unknown[]) => {
              if (left === 0) throw new Error('power loss');
              left -= 1;
              return await (target[name] as (...a: unknown[]) => Promise<void>)(...args);
            }
          : target[name as keyof Repository],
    });
    const text = `change ${writes}`;
    done = await converge(begin + writes * 1000, text, { folder: dying }).then(
      () => true,
      () => false,
    );
    await client.refresh();
    const seen = Buffer.from((await client.readTarget('desired-state.json', 100)) ?? []).toString();
    assert.equal(seen, done ? text : writes === 0 ? 'one' : `change ${writes - 1}`);
    await converge(begin + writes * 1000 + 500, text);
    await client.refresh();
    assert.equal(Buffer.from((await client.readTarget('desired-state.json', 100)) ?? []).toString(), text);
    assert.ok(writes < 20);
  }
});

test('a snapshot of an older version, which names no digest, gets one at the next look, once', async (t) => {
  const { client, converge, folder, repository, keys } = await installation(t);
  await converge(begin, 'one');
  const read = async (path: string): Promise<Buffer> =>
    Buffer.from((await folder.readFile(repositoryPath(repository, path))) ?? []);
  const meta = async (version: number): Promise<Record<string, object>> => {
    const text = (await read(metadataPath('snapshot', version))).toString();
    return (JSON.parse(text) as { signed: { meta: Record<string, object> } }).signed.meta;
  };
  const present = await converge(begin + 1, 'one');
  const snapshot = JSON.parse((await read(metadataPath('snapshot', present.snapshotVersion))).toString());
  snapshot.signed.meta['targets.json'] = { version: present.targetsVersion };
  const older = await publishRoles({
    repository,
    previous: {
      snapshot: Buffer.from(JSON.stringify(snapshot)),
      timestamp: await read('metadata/timestamp.json'),
    },
    changed: [],
    online: { snapshot: [keys.snapshot], timestamp: [keys.timestamp] },
    nowMs: begin + hourMs,
  });
  await writeRepositoryFiles(folder, repository, older);
  await client.refresh();
  const next = await converge(begin + 2 * hourMs, 'one');
  assert.equal(next.isNew, true);
  assert.deepEqual(Object.keys((await meta(next.snapshotVersion))['targets.json'] ?? {}).sort(), [
    'hashes',
    'length',
    'version',
  ]);
  await client.refresh();
  assert.equal((await converge(begin + 3 * hourMs, 'one')).isNew, false);
});
