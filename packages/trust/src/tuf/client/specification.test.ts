import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { spkiOf } from '../../keys/key-pair.ts';
import {
  type ForeignKey,
  ForeignRepository,
  foreignKey,
  keyIdOfJson,
} from '../../testing/foreign-repository.ts';
import { clientOf, TestClock, temporaryFolder } from '../../testing/readers.ts';
import { changeState, dayMs, directionRepository, startMs, testKey } from '../../testing/test-repository.ts';
import { repositoryIdOf } from '../names.ts';
import { signRoot } from '../write/root.ts';
import { TufClient } from './client.ts';

interface Followed {
  readonly client: TufClient;
  readonly asked: string[];
  again(): TufClient;
}

async function follow(
  t: TestContext,
  repository: ForeignRepository,
  dialect: 'ours' | 'any' = 'ours',
): Promise<Followed> {
  const pinnedRoot = repository.file('metadata/1.root.json');
  const stateFolder = await temporaryFolder(t);
  const asked: string[] = [];
  const again = (): TufClient =>
    new TufClient({
      id: repositoryIdOf(pinnedRoot),
      pinnedRoot,
      stateFolder,
      dialect,
      clock: new TestClock(startMs),
      fetchMetadata: async (path) => {
        asked.push(path);
        return repository.files.get(decodeURIComponent(path)) ?? null;
      },
    });
  return { client: again(), asked, again };
}

test('each kind of key that the specification names verifies, and a signature of another key does not', async (t) => {
  for (const scheme of [
    'ed25519',
    'ecdsa-sha2-nistp256',
    'rsassa-pss-sha256',
    'rsa-pkcs1v15-sha256',
  ] as const) {
    const repository = new ForeignRepository(startMs, scheme);
    const { client } = await follow(t, repository);
    await client.refresh();
    repository.signers.set('timestamp', [
      { ...foreignKey(scheme), keyid: repository.root.roles.timestamp?.keyids[0] ?? '' },
    ]);
    repository.publish('timestamp');
    await assert.rejects(client.refresh(), { code: 'E_METADATA_SIGNATURE' }, scheme);
  }
});

test('a key under two ids, or written in two ways, counts once towards a threshold', async (t) => {
  const hex = foreignKey('ed25519');
  const raw = Buffer.from((hex.json.keyval as { public: string }).public, 'hex');
  const spki = createPublicKey({ key: spkiOf(raw), format: 'der', type: 'spki' });
  const inOtherWords = (json: Record<string, unknown>): ForeignKey => ({
    ...hex,
    json,
    keyid: keyIdOfJson(json),
  });
  const pem = inOtherWords({
    ...hex.json,
    keyval: { public: spki.export({ format: 'pem', type: 'spki' }).toString() },
  });
  const upper = inOtherWords({ ...hex.json, keyval: { public: raw.toString('hex').toUpperCase() } });
  const marked = inOtherWords({ ...hex.json, note: 'another id' });
  for (const twin of [pem, upper, marked]) {
    const repository = new ForeignRepository(startMs);
    repository.setKeys('timestamp', [hex, twin], { threshold: 2 });
    repository.publish('root', 'timestamp');
    const { client } = await follow(t, repository);
    await assert.rejects(client.refresh(), { code: 'E_METADATA_SIGNATURE' });
    repository.setKeys('timestamp', [hex, twin, foreignKey()], { threshold: 2 });
    repository.publish('root', 'timestamp');
    await client.refresh();
  }
});

test('a key whose id is not its own is refused, in a root and in a delegation; any dialect takes it', async (t) => {
  const borrowed = { ...foreignKey(), keyid: 'a'.repeat(64) };
  const repository = new ForeignRepository(startMs);
  const { client } = await follow(t, repository);
  await client.refresh();
  repository.setKeys('timestamp', [borrowed]);
  repository.publish('root', 'timestamp');
  await assert.rejects(client.refresh(), { code: 'E_METADATA_INVALID', message: /aaaa is not its key's id/ });
  const other = await follow(t, repository, 'any');
  await other.client.refresh();

  const delegating = new ForeignRepository(startMs);
  delegating.delegate('targets', 'a');
  delegating.targets().delegations!.keys['b'.repeat(64)] = foreignKey().json;
  delegating.publish('a', 'targets', 'snapshot', 'timestamp');
  const third = await follow(t, delegating);
  await assert.rejects(third.client.refresh(), { code: 'E_METADATA_INVALID' });
});

test('a threshold that rises with a new root is asked of the snapshot that is trusted already', async (t) => {
  const repository = new ForeignRepository(startMs);
  const { client } = await follow(t, repository);
  await client.refresh();
  const [first] = repository.signers.get('snapshot') ?? [];
  assert.ok(first);
  repository.root.roles.snapshot!.threshold = 2;
  repository.publish('root');
  await assert.rejects(client.refresh(), { code: 'E_METADATA_SIGNATURE' });
});

test('a running client takes targets that a new key signed at the version that it has', async (t) => {
  const repository = new ForeignRepository(startMs);
  const { client } = await follow(t, repository);
  await client.refresh();
  repository.setKeys('targets', [foreignKey()]);
  repository.put('targets', repository.sign('targets'));
  repository.publish('root');
  await client.refresh();
  assert.equal(client.state().root, 2);
  repository.setKeys('targets', [foreignKey()]);
  repository.publish('root');
  await assert.rejects(client.refresh(), { code: 'E_METADATA_SIGNATURE' });
});

test('a role that is known is compared with the digest that a newer snapshot gives at the same version', async (t) => {
  const repository = new ForeignRepository(startMs);
  const { client } = await follow(t, repository);
  await client.refresh();
  repository.snapshot.meta['targets.json'] = { version: 1, hashes: { sha256: '0'.repeat(64) } };
  repository.publish('snapshot', 'timestamp');
  await assert.rejects(client.refresh(), { code: 'E_METADATA_INVALID' });
});

test('delegations are followed in the order of the document, whatever their names', async (t) => {
  const repository = new ForeignRepository(startMs);
  for (const name of ['b', '7', 'a', '3']) repository.delegate('targets', name);
  repository.addTarget('file', Buffer.from('of 7'), '7');
  repository.addTarget('file', Buffer.from('of 3'), '3');
  repository.publish('b', '7', 'a', '3', 'targets', 'snapshot', 'timestamp');
  const { client, asked } = await follow(t, repository);
  await client.refresh();
  assert.equal((await client.readTarget('file', 100))?.toString(), 'of 7');
  assert.deepEqual(asked.slice(4, 6), ['metadata/1.b.json', 'metadata/1.7.json']);
});

test('a search ends at a cycle, and after 32 roles', async (t) => {
  const repository = new ForeignRepository(startMs);
  repository.delegate('targets', 'r0');
  for (let number = 1; number < 50; number += 1) repository.delegate(`r${number - 1}`, `r${number}`);
  repository.delegate('r3', 'r1');
  repository.addTarget('deep', Buffer.from('too deep'), 'r49');
  repository.addTarget('near', Buffer.from('near'), 'r30');
  repository.publish(...[...repository.roles.keys()].reverse(), 'snapshot', 'timestamp');
  const { client } = await follow(t, repository);
  await client.refresh();
  assert.equal(await client.target('deep'), null);
  assert.equal((await client.target('near'))?.roles.length, 32);
});

test('hash prefixes say who may hold a path', async (t) => {
  const repository = new ForeignRepository(startMs);
  for (const digit of '0123456789abcdef')
    repository.delegate('targets', `bin-${digit}`, { path_hash_prefixes: [digit] });
  const names = [...repository.roles.keys()];
  repository.publish(...names.slice(1), 'targets', 'snapshot', 'timestamp');
  const { client, asked } = await follow(t, repository);
  await client.refresh();
  assert.equal(await client.target('file'), null);
  // The SHA-256 of "file" begins with 3.
  assert.deepEqual(asked.slice(4), ['metadata/1.bin-3.json']);
});

test('an end that is not written in UTC to the second is refused', async (t) => {
  for (const expires of [
    '2030',
    '2030-01-01T00:00:00',
    '2030-01-01 00:00:00Z',
    '2030-01-01T00:00:00+02:00',
  ]) {
    const repository = new ForeignRepository(startMs);
    repository.timestamp.expires = expires;
    repository.publish('timestamp');
    const { client } = await follow(t, repository);
    await assert.rejects(client.refresh(), { code: 'E_METADATA_INVALID' }, expires);
  }
});

test('a fraction, which has no canonical form, is refused with a code, signed by nobody', async (t) => {
  const repository = new ForeignRepository(startMs);
  const { client } = await follow(t, repository);
  const json = JSON.parse(Buffer.from(repository.file('metadata/timestamp.json')).toString()) as object;
  const odd = { ...json, signed: { ...repository.timestamp, x: 1.5 } };
  repository.put('timestamp', Buffer.from(JSON.stringify(odd)));
  await assert.rejects(client.refresh(), { code: 'E_METADATA_INVALID', retry: 'elsewhere' });
});

test('every digest that a role names must fit, and each be of a kind that we know', async (t) => {
  for (const [algorithm, digest] of [
    ['sha512', '0'.repeat(128)],
    ['crc32', '00000000'],
  ] as const) {
    const repository = new ForeignRepository(startMs);
    repository.addTarget('file', Buffer.from('bytes'));
    repository.targets().targets.file!.hashes[algorithm] = digest;
    repository.publish('targets', 'snapshot', 'timestamp');
    const { client } = await follow(t, repository);
    await client.refresh();
    await assert.rejects(client.readTarget('file', 100), { code: 'E_OBJECT_DIGEST' });
  }
});

test('a target known by SHA-512 alone is followed where other writers are, and refused where ours are', async (t) => {
  const repository = new ForeignRepository(startMs);
  repository.addTarget('file', Buffer.from('bytes'), 'targets', ['sha512']);
  repository.publish('targets', 'snapshot', 'timestamp');
  const { client, asked } = await follow(t, repository, 'any');
  await client.refresh();
  for (const _again of [1, 2]) {
    assert.equal(Buffer.from((await client.readTarget('file', 100)) ?? []).toString(), 'bytes');
  }
  assert.equal(asked.filter((path) => path.startsWith('targets/')).length, 1);
  const ours = await follow(t, repository);
  await ours.client.refresh();
  await assert.rejects(ours.client.readTarget('file', 100), { code: 'E_METADATA_INVALID' });
});

test('without consistent snapshots names have no version and no digest', async (t) => {
  const repository = new ForeignRepository(startMs);
  repository.root.consistent_snapshot = false;
  repository.publish('root');
  repository.files.set('targets/some/file', Buffer.from('bytes'));
  repository.addTarget('some/file', Buffer.from('bytes'));
  repository.publish('targets', 'snapshot', 'timestamp');
  const { client, asked } = await follow(t, repository, 'any');
  await client.refresh();
  assert.equal((await client.readTarget('some/file', 100))?.toString(), 'bytes');
  assert.deepEqual(asked.slice(-4), [
    'metadata/timestamp.json',
    'metadata/snapshot.json',
    'metadata/targets.json',
    'targets/some/file',
  ]);
});

test('a snapshot of many roles is read in time that grows with their number', {
  timeout: 60_000,
}, async (t) => {
  const repository = new ForeignRepository(startMs);
  for (let number = 0; number < 50_000; number += 1) {
    repository.snapshot.meta[`p-${number}.json`] = { version: 1 };
  }
  repository.publish('snapshot', 'timestamp');
  const { client } = await follow(t, repository);
  await client.refresh();
  assert.equal(client.state().snapshot, 2);
});

test('a floor of time that was changed on the disk is not believed', async (t) => {
  const repository = await directionRepository('flipped');
  const folder = await temporaryFolder(t);
  const clock = new TestClock(startMs);
  await clientOf(repository, folder, clock).refresh();
  const path = join(folder, repository.id, 'state.json');
  const text = await readFile(path, 'utf8');
  const flipped = text.replace(`"floor":${startMs}`, `"floor":${startMs + 4000 * dayMs}`);
  assert.notEqual(flipped, text);
  await writeFile(path, flipped);
  const restarted = clientOf(repository, folder, clock);
  assert.equal((await restarted.open()).floorMs, 0);
  await restarted.refresh();
  assert.equal(restarted.state().floorMs, startMs);
});

test('a root that was written before a crash is found, and what its keys did not sign is forgotten', async (t) => {
  const repository = await directionRepository('crash at root');
  const folder = await temporaryFolder(t);
  const clock = new TestClock(startMs);
  await clientOf(repository, folder, clock).refresh();
  const state = join(folder, repository.id, 'state.json');
  const former = await readFile(state);
  repository.keys.snapshot = testKey('next snapshot');
  repository.roles = { ...repository.roles, snapshot: { keys: [repository.keys.snapshot] } };
  const { roles, keys, nowMs, pinned } = repository;
  repository.write([(await signRoot({ roles, signers: [keys.root], nowMs, previous: pinned })).file]);
  await changeState(repository, 'after');
  const running = clientOf(repository, folder, clock);
  await running.refresh();
  assert.equal(running.state().root, 2);
  await writeFile(state, former);
  const restarted = clientOf(repository, folder, clock);
  const found = await restarted.open();
  assert.deepEqual([found.root, found.timestamp, found.snapshot, found.floorMs], [2, 0, 0, 0]);
  await restarted.refresh();
  assert.deepEqual(restarted.state(), running.state());
  await rm(state);
  assert.equal(
    (await clientOf(repository, folder, clock).open()).root,
    2,
    'the chain of roots needs no state',
  );
});
