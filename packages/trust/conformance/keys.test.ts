import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ForeignKey, foreignKey } from '../src/testing/foreign-repository.ts';
import { Bench, served } from './testing/bench.ts';

describe('keys', () => {
  const wrong = '3046022100'.padEnd(144, 'a');
  for (const scheme of [
    'rsassa-pss-sha256',
    'rsa-pkcs1v15-sha256',
    'ecdsa-sha2-nistp256',
    'ed25519',
  ] as const) {
    test(`${scheme}: a signature counts, and one that only looks like it does not`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      const more = foreignKey(scheme);
      repository.setKeys('root', [...(repository.signers.get('root') ?? []), more], { threshold: 2 });
      repository.publish('root');
      assert.equal(await bench.refresh(), 0);
      repository.publish('root');
      const json = JSON.parse(repository.file('metadata/3.root.json').toString()) as {
        signatures: { keyid: string; sig: string }[];
      };
      for (const entry of json.signatures) if (entry.keyid === more.keyid) entry.sig = wrong;
      repository.put('root', Buffer.from(JSON.stringify(json)));
      assert.equal(await bench.refresh(), 1);
      assert.equal((await bench.trusted())[0], 'root 2');
    });
  }

  test('bad signatures beside enough good ones do no harm, the same key id twice does', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    const [good] = repository.signers.get('timestamp') ?? [];
    assert.ok(good);
    for (const sig of [wrong, '', 'no hex']) {
      repository.setKeys('timestamp', [{ ...foreignKey(), sign: () => sig }, good]);
      repository.publish('root', 'timestamp');
      assert.equal(await bench.refresh(), 0, sig);
    }
    repository.setKeys('timestamp', [good, good]);
    repository.root.roles.timestamp!.keyids.pop();
    repository.publish('root', 'timestamp');
    assert.equal(await bench.refresh(), 1);
  });

  test('a threshold counts keys: not one key often, not keys that did not sign', async (t) => {
    const key = foreignKey();
    const cases: [ForeignKey[], ForeignKey[]][] = [
      [[key], [key, key, key]],
      [[key], [key, foreignKey(), foreignKey()]],
      [
        [key, foreignKey()],
        [key, foreignKey()],
      ],
    ];
    for (const [signers, keys] of cases) {
      const bench = await Bench.start(t);
      await bench.init();
      bench.repository.setKeys('snapshot', signers, { keys, threshold: 2 });
      bench.repository.publish('root', 'snapshot', 'timestamp');
      assert.equal(await bench.refresh(), 1);
      assert.ok(!(await bench.trusted()).some((role) => role.startsWith('snapshot')));
    }
  });

  test('fields that nobody knows are signed with the rest and otherwise passed over', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    const key = foreignKey('ecdsa-sha2-nistp256', { 'x-note': { a: 1 }, keyid_hash_algorithms: ['md5'] });
    repository.setKeys('snapshot', [key]);
    Object.assign(repository.root, { 'x-field': ['ü', null, true] });
    Object.assign(repository.root.roles.root!, { 'x-more': 'value' });
    // As tuf-on-ci writes it, which also leaves places for those who have not signed.
    Object.assign(repository.root, { spec_version: '1.0', 'x-period': 197 });
    repository.signers.get('root')?.push({ ...foreignKey(), sign: () => '' });
    repository.publish('root', 'snapshot', 'timestamp');
    assert.equal(await bench.refresh(), 0);
    assert.deepEqual(await bench.trusted(), ['root 2', 'snapshot 2', 'targets 1', 'timestamp 2']);
  });

  test('a key id that signs twice spoils the role, also where enough keys signed', async (t) => {
    for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
      const bench = await Bench.start(t);
      const { repository } = bench;
      const json = JSON.parse(served(bench, role).toString()) as { signatures: unknown[] };
      json.signatures.push(json.signatures[0]);
      repository.put(role, Buffer.from(JSON.stringify(json)));
      await bench.init();
      assert.equal(await bench.refresh(), 1);
      assert.ok(!(await bench.trusted()).some((kept) => kept.startsWith(role)), role);
    }
  });

  test('a threshold that fewer signed, or that is above the number of keys, is not met', async (t) => {
    for (const { keys, threshold } of [
      { keys: 3, threshold: 3 },
      { keys: 5, threshold: 6 },
    ]) {
      const bench = await Bench.start(t);
      const { repository } = bench;
      const all = Array.from({ length: keys }, () => foreignKey());
      repository.setKeys('snapshot', all, { threshold: Math.min(keys, threshold) });
      repository.publish('root', 'snapshot', 'timestamp');
      await bench.init();
      assert.equal(await bench.refresh(), 0);
      repository.setKeys('snapshot', all.slice(threshold > keys ? 0 : 1), { keys: all, threshold });
      repository.publish('root', 'targets', 'snapshot', 'timestamp');
      assert.equal(await bench.refresh(), 1);
      assert.deepEqual((await bench.trusted())[0], 'root 3');
      assert.ok(!(await bench.trusted()).includes('snapshot 3'));
    }
  });
});
