import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { XylemError } from '@xylem/core';
import { peerOfCertificate } from './ca/peer.ts';
import { checkJoinAnswer } from './enrolment/answer.ts';
import { checkJoinRequest } from './enrolment/request.ts';
import { joinMacKey, parseToken } from './enrolment/token.ts';
import { checkTrustMap, pinnedRootOf } from './enrolment/trust-map.ts';
import { openEnvelope } from './envelope/envelope.ts';
import { loadIdentity } from './identity/identity.ts';
import { hostIdOf } from './keys/key-pair.ts';
import { fixtureCollectorKey, fixtureHostKey, fixtureRelease, makeFixtures } from './testing/fixtures.ts';
import { TestClock, temporaryFolder } from './testing/readers.ts';
import { releaseBytes, startMs } from './testing/test-repository.ts';
import { TufClient } from './tuf/client/client.ts';
import { desiredStateTarget } from './tuf/names.ts';

/** `v2` holds what is written otherwise than it was in `v1`: snapshots with digests, and the states that follow. */
const fixtures = join(import.meta.dirname, '../fixtures');
const folder = join(fixtures, 'v1');
const reader = join(import.meta.dirname, '../../../tools/second-reader/reader.py');
const run = promisify(execFile);
const clock = new TestClock(startMs + 120_000);
const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(folder, path), 'utf8'));

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

test('every format is still written byte for byte', async () => {
  const made = await makeFixtures();
  const isNew = (path: string): boolean => /^(repository|state)\//.test(path);
  const homeOf = (path: string): string => join(fixtures, isNew(path) ? 'v2' : 'v1');
  if (process.env.XYLEM_WRITE_FIXTURES === '1') {
    await rm(join(fixtures, 'v2'), { recursive: true, force: true });
    for (const [path, bytes] of [...made].filter(([each]) => isNew(each))) {
      await mkdir(dirname(join(homeOf(path), path)), { recursive: true });
      await writeFile(join(homeOf(path), path), bytes);
    }
  }
  const [old, now] = [await filesBelow(folder), await filesBelow(join(fixtures, 'v2'))];
  assert.deepEqual([...old.filter((path) => !isNew(path)), ...now].sort(), [...made.keys()].sort());
  for (const [path, bytes] of made)
    assert.equal((await readFile(join(homeOf(path), path))).equals(bytes), true, path);
});

for (const version of ['v1', 'v2'])
  test(`${version}: both repositories are read, from the files and from a stored state`, async (t) => {
    const trustMap = checkTrustMap(await json('trust-map.json'));
    const [vendor, direction] = [trustMap.products['*'], trustMap.environment];
    assert.ok(vendor);
    const readBoth = async (stateFolder: string, isOffline: boolean): Promise<void> => {
      const client = (id: typeof direction | typeof vendor): TufClient =>
        new TufClient({
          id,
          pinnedRoot: pinnedRootOf(trustMap, id),
          stateFolder,
          clock,
          fetchMetadata: async (path) => {
            if (isOffline) throw new XylemError('E_PARENT_UNREACHABLE', 'offline');
            return readFile(join(fixtures, version, 'repository/r', id, path)).catch(() => null);
          },
        });
      const director = client(direction);
      await (isOffline ? director.open() : director.refresh());
      assert.match(String(await director.readTarget(desiredStateTarget, 1000)), /"number":2/);
      const releases = client(vendor);
      await (isOffline ? releases.open() : releases.refresh());
      assert.deepEqual(Buffer.from((await releases.readTarget(fixtureRelease, 1000)) ?? ''), releaseBytes(7));
      const rules = await releases.productRules('p-d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0');
      assert.equal(rules?.floor, '1.0.0');
      assert.equal(rules?.withdrawn?.length, 1);
    };
    await readBoth(await temporaryFolder(t), false);
    const stored = await temporaryFolder(t);
    await cp(join(fixtures, version, 'state'), stored, { recursive: true });
    await readBoth(stored, true);
  });

test('token, request, answer, identity and its certificate are read', async () => {
  const token = parseToken(await readFile(join(folder, 'join/token.txt'), 'utf8'));
  const request = await checkJoinRequest(await readFile(join(folder, 'join/request.json')), (id) =>
    id === token.id ? joinMacKey(token.secret) : null,
  );
  const key = fixtureHostKey();
  const answer = await readFile(join(folder, 'join/answer.json'));
  const joined = checkJoinAnswer(answer, { token, requestMac: request.mac, key });
  const identity = await loadIdentity(join(folder, 'identity'));
  assert.equal(identity?.host, hostIdOf(key.public));
  assert.equal(identity?.host, joined.host);
  const certificate = new X509Certificate(identity?.certificatePem ?? '');
  const peer = peerOfCertificate(certificate, { caPem: joined.ca, clock });
  assert.deepEqual(
    [peer?.host, peer?.environment, peer?.serves],
    [joined.host, joined.environment.id, [joined.environment.id]],
  );
});

test('report and watermark are opened', async () => {
  for (const [kind, key] of [
    ['report', fixtureHostKey()],
    ['watermark', fixtureCollectorKey()],
  ] as const) {
    const bytes = await readFile(join(folder, `${kind}.json`));
    const opened = await openEnvelope(bytes, `application/vnd.xylem.${kind}+json`, () => key.public);
    assert.match(Buffer.from(opened.payload).toString(), new RegExp(`xylem-${kind}-1`));
  }
});

test('the second reader agrees', async () => {
  const python = async (...args: string[]): Promise<string> =>
    (await run('python3', ['-B', ...args], { maxBuffer: 1 << 24 })).stdout;
  const token = (await readFile(join(folder, 'join/token.txt'), 'utf8')).trim();
  const join_ = await python(
    reader,
    'token',
    token,
    join(folder, 'join/request.json'),
    join(folder, 'join/answer.json'),
  );
  assert.equal(
    (JSON.parse(join_) as { answer: { host: string } }).answer.host,
    hostIdOf(fixtureHostKey().public),
  );
  const hex = Buffer.from(fixtureHostKey().public).toString('hex');
  const report = await python(reader, 'report', join(folder, 'report.json'), hex);
  assert.equal((JSON.parse(report) as { sequence: number }).sequence, 7);
  const trustMap = checkTrustMap(await json('trust-map.json'));
  const script = `
import sys, json
sys.path.insert(0, sys.argv[1])
import reader
trust = json.load(open(sys.argv[2]))
for repository, target in json.loads(sys.argv[4]):
    root = reader.b64u(trust["repositories"][repository]["root"])
    print(reader.Tuf(sys.argv[3], repository, root, "2026-11-21T00:02:00Z").target(target).decode())
`;
  const wanted = JSON.stringify([
    [trustMap.environment, desiredStateTarget],
    [trustMap.products['*'], fixtureRelease],
  ]);
  for (const version of ['v1', 'v2']) {
    const repository = join(fixtures, version, 'repository');
    const out = await python(
      '-c',
      script,
      dirname(reader),
      join(folder, 'trust-map.json'),
      repository,
      wanted,
    );
    assert.equal(
      out,
      `{"format":"xylem-desired-state-1","number":2}\n${Buffer.from(releaseBytes(7)).toString()}\n`,
    );
  }
});
