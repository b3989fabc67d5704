import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { type Digest, sha256, type Version } from '@xylem/core';
import fc from 'fast-check';
import {
  dayMs,
  releaseBytes,
  startMs,
  TestReleases,
  testDomain,
  testKey,
} from '../../testing/test-repository.ts';
import { releaseTarget } from '../names.ts';
import { binCountFor, binNames, binOf } from './bins.ts';
import { checkProductRole } from './check-product-role.ts';
import { readProductRole, signProductRole } from './product-role.ts';

const role = `p-${testDomain}`;

test('bins begin above 50 and 1,000 releases and end well below', () => {
  assert.deepEqual(
    [0, 50, 51, 1000, 1001].map((releases) => binCountFor(releases, 0)),
    [0, 0, 16, 16, 256],
  );
  assert.equal(binCountFor(50, 16), 16);
  assert.equal(binCountFor(40, 16), 0);
  assert.equal(binCountFor(900, 256), 256);
  assert.equal(binCountFor(800, 256), 16);
});

test('each path falls into exactly the bin whose prefix its hash has', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(16, 256), (path, bins) => {
      const fitting = binNames('r', bins).filter((bin) => sha256(path).startsWith(bin.prefix));
      assert.deepEqual(
        fitting.map((bin) => bin.name),
        [binOf('r', bins, path)],
      );
    }),
  );
});

test('what is signed is read back, for any number of releases, floors and withdrawals', async () => {
  for (const count of [0, 1, 50, 51, 300]) {
    const repository = await TestReleases.make();
    const withdrawn = [sha256('bad'), sha256('worse')].toSorted() as Digest[];
    repository.content = { ...repository.content, floor: '2.0.0' as Version, withdrawn };
    await repository.publish(await repository.release(0, count));
    assert.deepEqual(readProductRole(repository.product, repository.roleFiles()), repository.content);
  }
});

test('signing the same again signs nothing, until it is near its end or the key changed', async () => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0, 60));
  assert.deepEqual(await repository.sign(), []);
  repository.nowMs = startMs + 250 * dayMs;
  assert.equal((await repository.sign()).length, 17);
  repository.nowMs = startMs;
  const signed = await signProductRole({
    product: { ...repository.product, keys: [testKey('next product key')] },
    previous: repository.roleFiles(),
    content: repository.content,
    signers: [testKey('next product key')],
    nowMs: startMs,
  });
  assert.equal(signed.length, 17);
});

test('versions rise by one when the clock went back', async () => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0));
  repository.nowMs = startMs - 90 * dayMs;
  const [signed] = await repository.release(1);
  assert.equal(signed?.version, startMs / 1000 + 1);
});

for (const live of [1000, 1500]) {
  test(`one more release at ${live} live ones changes one bin, and the role for its channel`, async (t) => {
    const repository = await TestReleases.make();
    // Published over many days: versions of bins differ, as in real life.
    for (let number = 0; number < live; number += 50) {
      repository.nowMs += 3_601_000;
      const many = Math.min(50, live - number - 1);
      await repository.publish(await repository.release(number, many));
    }
    repository.nowMs += 3_601_000;
    const changed = await repository.release(live);
    assert.deepEqual(changed.map((signed) => signed.role.replace(/-b[0-9a-f]+$/, '-bin')).sort(), [
      role,
      `${role}-bin`,
    ]);
    const files = await repository.publish(changed);
    const sizes = files.map(
      ({ path, bytes }) => `${path.replace(/\/\d+/, '/n')} ${bytes.length} B, zstd ${zstd(bytes)} B`,
    );
    const wire = zstd(Buffer.concat(files.map((file) => file.bytes)));
    t.diagnostic(`${sizes.join('; ')}; together zstd ${wire} B`);
    if (live <= 1000) assert.ok(wire < 6000, `${wire} B`);
  });
}

test('an honest upload is taken, bins first, with the files that it vouches for', async () => {
  const repository = await TestReleases.make();
  const changed = await repository.release(0, 60);
  const uploaded = new Map(changed.map((signed) => [signed.role, signed.file.bytes]));
  const checked = checkProductRole({
    domain: testDomain,
    targets: repository.current('targets'),
    current: new Map(),
    uploaded,
    nowMs: startMs,
  });
  assert.equal(checked.changed.at(-1)?.role, role);
  assert.equal(checked.changed.length, 17);
  assert.equal(checked.targetFiles.size, 61);
  for (const path of checked.targetFiles.keys()) assert.ok(repository.files.has(path), path);
  assert.deepEqual(checked.content, repository.content);
});

test('dishonest uploads are refused', async () => {
  const repository = await TestReleases.make();
  await repository.publish(await repository.release(0, 60));
  const current = repository.roleFiles();
  repository.nowMs += 1000;
  const nowMs = repository.nowMs;
  const target = releaseTarget('shop', sha256(releaseBytes(0)));
  const options = { domain: testDomain, targets: repository.current('targets'), current, nowMs };
  const sign = async (
    change: Partial<Parameters<typeof signProductRole>[0]>,
  ): Promise<Map<string, Uint8Array>> => {
    const signed = await signProductRole({
      product: repository.product,
      previous: current,
      content: repository.content,
      signers: [repository.productKey],
      nowMs,
      ...change,
    });
    return new Map(signed.map((entry) => [entry.role, entry.file.bytes]));
  };
  const thief = testKey('thief');
  const refused: [string, string, Map<string, Uint8Array>][] = [
    [
      'foreign key',
      'E_METADATA_SIGNATURE',
      await sign({ signers: [thief], product: { ...repository.product, keys: [thief] } }),
    ],
    ['same version', 'E_METADATA_ROLLBACK', current],
    [
      'version in the future',
      'E_METADATA_INVALID',
      await sign({ nowMs: nowMs + dayMs, content: { ...repository.content, floor: '1.0.0' as Version } }),
    ],
    [
      "another product's path",
      'E_METADATA_INVALID',
      await sign({
        content: {
          ...repository.content,
          channels: new Map([['channel/other/stable.json', { length: 1, sha256: sha256('x') as Digest }]]),
        },
      }),
    ],
    [
      'release not named by its digest',
      'E_METADATA_INVALID',
      await sign({
        content: {
          ...repository.content,
          releases: new Map(repository.content.releases).set(target, {
            length: 1,
            sha256: sha256('x') as Digest,
          }),
        },
      }),
    ],
    [
      'a role that is no bin',
      'E_METADATA_INVALID',
      new Map([['p-other', current.get(`${role}-b0`) ?? new Uint8Array()]]),
    ],
    [
      'another bin under this name',
      'E_METADATA_INVALID',
      new Map([[`${role}-b0`, current.get(`${role}-b1`) ?? new Uint8Array()]]),
    ],
  ];
  for (const [name, code, uploaded] of refused) {
    assert.throws(() => checkProductRole({ ...options, uploaded }), { code }, name);
  }
  assert.throws(
    () => checkProductRole({ ...options, domain: 'f'.repeat(32) as typeof testDomain, uploaded: current }),
    {
      code: 'E_NOT_FOUND',
    },
  );
  const lying = new Map(current).set(`${role}-b0`, current.get(`${role}-b1`) ?? new Uint8Array());
  lying.delete(`${role}-b2`);
  assert.throws(() => readProductRole(repository.product, lying), { code: 'E_METADATA_MISSING' });
  assert.throws(() => readProductRole({ ...repository.product, keys: [thief] }, current), {
    code: 'E_METADATA_SIGNATURE',
  });
});

/** Level 3 is the default. */
function zstd(bytes: Uint8Array): number {
  return zstdCompressSync(bytes).length;
}
