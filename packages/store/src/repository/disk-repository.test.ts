import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type DomainId, sha256, XylemError } from '@xylem/core';
import { memoryFolder, noise, temporaryFolder } from '../testing/folder.ts';
import { smallDisk } from '../testing/small-disk.ts';
import { openRepository } from './disk-repository.ts';

const one = '0'.repeat(31).concat('1') as DomainId;
const two = '0'.repeat(31).concat('2') as DomainId;
const hasCode = (code: string) => (error: unknown) => error instanceof XylemError && error.code === code;

test('equal objects of two domains are one file on disk, until the last goes', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  const bytes = Buffer.from('content');
  const digest = sha256(bytes);
  await repository.putObject(one, digest, bytes);
  await repository.putObject(two, digest, [bytes.subarray(0, 3), bytes.subarray(3)]);
  const inode = async (domain: DomainId) => (await stat(repository.objectPath(domain, digest))).ino;
  assert.equal(await inode(one), await inode(two));
  assert.deepEqual(await repository.readObject(two, digest), bytes);
  assert.equal(await repository.objectSize(one, digest), 7);
  await repository.removeObject(one, digest);
  assert.equal(await repository.hasObject(one, digest), false);
  assert.deepEqual(await repository.readObject(two, digest), bytes);
  await repository.removeObject(two, digest);
  const pool = await readdir(join(repository.folder, 'pool'), { recursive: true, withFileTypes: true });
  assert.deepEqual(
    pool.filter((entry) => entry.isFile()),
    [],
  );
});

test('a file that another domain has already is not kept twice, unless what it has is damaged', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  const digest = sha256('content');
  const adopt = async (domain: DomainId): Promise<number> => {
    const file = join(repository.workFolder, domain);
    await writeFile(file, 'content');
    await repository.adoptObject(domain, digest, file);
    return (await stat(repository.objectPath(domain, digest))).ino;
  };
  assert.equal(await adopt(one), await adopt(two));
  await repository.removeObject(two, digest);
  await writeFile(repository.objectPath(one, digest), 'damaged');
  await adopt(two);
  assert.equal(String(await repository.readObject(two, digest)), 'content');
  assert.deepEqual(await readdir(repository.workFolder), []);
});

test('other bytes than the digest says never appear', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  const digest = sha256('right');
  await assert.rejects(repository.putObject(one, digest, Buffer.from('wrong')), hasCode('E_OBJECT_DIGEST'));
  assert.equal(await repository.hasObject(one, digest), false);
  assert.deepEqual(await readdir(repository.workFolder), []);
  await repository.putObject(one, digest, Buffer.from('right'));
  await writeFile(repository.objectPath(one, digest), 'wrong');
  await assert.rejects(repository.readObject(one, digest), hasCode('E_OBJECT_DIGEST'));
});

test('a source that breaks off leaves nothing', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    throw new Error('broke off');
  }
  await assert.rejects(repository.putObject(one, sha256('ab'), broken()), /broke off/);
  assert.deepEqual(await readdir(repository.workFolder), []);
});

test('many objects at once, some of them equal to what is there', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  const objects = new Map(
    Array.from({ length: 100 }, (_, i) => [sha256(`object ${i}`), Buffer.from(`object ${i}`)] as const),
  );
  await repository.putObject(two, sha256('object 7'), Buffer.from('object 7'));
  await repository.putObjects(one, objects);
  await repository.putObjects(one, objects);
  const listed: string[] = [];
  for await (const digest of repository.listObjects(one)) listed.push(digest);
  assert.deepEqual(listed.sort(), [...objects.keys()].sort());
  assert.deepEqual((await repository.listDomains()).sort(), [one, two]);
});

test('files: only paths of the specification, replaced whole, bounded when read', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  const path = `r/${one}/metadata/timestamp.json`;
  assert.equal(await repository.readFile(path), null);
  await repository.putFile(path, 'first');
  await repository.putFile(path, 'second');
  assert.equal(String(await repository.readFile(path)), 'second');
  await assert.rejects(repository.readFile(path, 3), hasCode('E_TOO_LARGE'));
  assert.deepEqual(await repository.listFiles(`r/${one}/metadata`), ['timestamp.json']);
  await repository.removeFile(path);
  await repository.removeFile(path);
  assert.equal(await repository.readFile(path), null);
  for (const bad of [
    '../x',
    'r/../../x',
    `o/${one}/../${two}/x`,
    'pool/aa/x',
    '.tmp-work/x',
    `r/${one}/x`,
    '',
  ]) {
    await assert.rejects(async () => repository.readFile(bad), hasCode('E_INPUT'), bad);
    await assert.rejects(async () => repository.putFile(bad, 'x'), hasCode('E_INPUT'), bad);
  }
});

test('what a killed process left half written is cleared away when the folder is opened, partial objects are not', async (t) => {
  const folder = await temporaryFolder(t);
  const { workFolder } = await openRepository(folder);
  await writeFile(join(workFolder, 'new-0123'), 'half');
  await mkdir(join(workFolder, 'new-folder'));
  await writeFile(join(workFolder, `part-${sha256('x')}`), 'part');
  await openRepository(folder);
  assert.deepEqual(await readdir(workFolder), [`part-${sha256('x')}`]);
});

test('put by one and removed by another at the same time, what was put is there', async (t) => {
  const repository = await openRepository(await temporaryFolder(t, memoryFolder));
  const bytes = Buffer.from('contended');
  const digest = sha256(bytes);
  for (let i = 0; i < 50; i += 1) {
    let isPutting = true;
    const putting = repository.putObject(two, digest, bytes).finally(() => {
      isPutting = false;
    });
    while (isPutting) await repository.removeObject(one, digest);
    await putting;
    assert.ok(await repository.hasObject(two, digest), `lost in round ${i}`);
    await repository.removeObject(two, digest);
  }
});

test('a file is half written in the work folder alone, where the next start clears it away', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  const path = `o/${one}/offers/${sha256('offer')}`;
  await repository.putFile(path, 'old');
  const folder = join(repository.folder, 'o', one, 'offers');
  let isWriting = true;
  const writing = repository.putFile(path, noise('offer', 50_000_000)).finally(() => {
    isWriting = false;
  });
  let seenInWork = 0;
  while (isWriting) {
    assert.deepEqual(await readdir(folder), [sha256('offer')]);
    seenInWork += (await readdir(repository.workFolder)).length;
  }
  await writing;
  assert.ok(seenInWork > 0);
  assert.deepEqual(await readdir(repository.workFolder), []);
});

test('strange names among the domains are nobody’s domain', async (t) => {
  const repository = await openRepository(await temporaryFolder(t));
  await mkdir(join(repository.folder, 'o', 'lost+found'));
  await repository.putObject(one, sha256('x'), Buffer.from('x'));
  assert.deepEqual(await repository.listDomains(), [one]);
});

test('a full disk is said, leaves nothing visible, and what was there stays readable', async (t) => {
  const folder = await smallDisk(t);
  if (folder === null) return;
  const repository = await openRepository(folder);
  const small = Buffer.from('small');
  await repository.putObject(one, sha256(small), small);
  const big = noise('full', 3_000_000);
  await assert.rejects(repository.putObject(one, sha256(big), big), hasCode('E_DISK_FULL'));
  assert.equal(await repository.hasObject(one, sha256(big)), false);
  assert.deepEqual(await readdir(repository.workFolder), []);
  assert.deepEqual(await readFile(repository.objectPath(one, sha256(small))), small);
  const path = `r/${one}/metadata/timestamp.json`;
  await repository.putFile(path, 'old');
  await assert.rejects(repository.putFile(path, big), hasCode('E_DISK_FULL'));
  assert.equal(String(await repository.readFile(path)), 'old');
  assert.deepEqual(await repository.listFiles(`r/${one}/metadata`), ['timestamp.json']);
});
