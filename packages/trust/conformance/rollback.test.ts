import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { foreignKey } from '../src/testing/foreign-repository.ts';
import { all, Bench, first, trusting } from './testing/bench.ts';

describe('going back', () => {
  for (const withHashes of [false, true]) {
    const also = withHashes ? ', with digests' : '';
    test(`neither timestamp, snapshot nor targets go back${also}`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      repository.withHashes = withHashes;
      await bench.init();
      const old = new Map(repository.files);
      const { version, meta } = structuredClone(repository.timestamp);
      repository.publish(...all);
      repository.publish(...all);
      assert.equal(await bench.refresh(), 0);
      const trusted = await bench.trusted();
      // The timestamp itself.
      repository.files.set('metadata/timestamp.json', old.get('metadata/timestamp.json') ?? Buffer.alloc(0));
      assert.equal(await bench.refresh(), 1);
      // A newer timestamp of an older snapshot.
      repository.timestamp.meta = meta;
      repository.publish('timestamp');
      assert.equal(await bench.refresh(), 1);
      assert.equal(bench.requests.at(-1), 'timestamp');
      // A newer snapshot of older targets.
      repository.snapshot.meta['targets.json'] = { version };
      repository.publish('snapshot', 'timestamp');
      assert.equal(await bench.refresh(), 1);
      // And one that lists them no more.
      delete repository.snapshot.meta['targets.json'];
      repository.publish('snapshot', 'timestamp');
      assert.equal(await bench.refresh(), 1);
      assert.deepEqual((await bench.trusted()).slice(0, 3), trusted.slice(0, 3));
    });
  }

  test('what a timestamp says anew without a new version is not looked at', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    await bench.refresh();
    const before = await bench.kept('timestamp');
    repository.timestamp.meta['snapshot.json'].version = 100;
    repository.put('timestamp', repository.sign('timestamp'));
    assert.equal(await bench.refresh(), 0);
    assert.equal(bench.requests.at(-1), 'timestamp');
    assert.deepEqual(await bench.kept('timestamp'), before);
  });

  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    test(`versions of ${role} that were driven up fall again with new keys`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      repository.signed(role).version = 99_998;
      repository.publish(...all);
      assert.equal(await bench.refresh(), 0);
      repository.setKeys('timestamp', [foreignKey()]);
      if (role !== 'timestamp') repository.setKeys('snapshot', [foreignKey()]);
      repository.signed(role).version = 1;
      repository.publish('root', ...all);
      assert.equal(await bench.refresh(), 0);
      assert.ok((await bench.trusted()).includes(`${role} 2`));
    });
  }

  test('what is published beside its snapshot, and a snapshot beside its timestamp, is not asked for', async (t) => {
    for (const role of ['targets', 'snapshot'] as const) {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      assert.equal(await bench.refresh(), 0);
      repository.publish(role);
      assert.equal(await bench.refresh(), 0);
      assert.equal(bench.requests.at(-1), 'timestamp');
      assert.deepEqual(await bench.trusted(), first);
    }
  });

  test('a snapshot that its timestamp does not name yet is not taken by a client that begins', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.publish('snapshot');
    repository.timestamp.meta['snapshot.json'] = { version: 1 };
    repository.publish('root', 'timestamp');
    await bench.init();
    assert.equal(await bench.refresh(), 0);
    assert.deepEqual(await bench.trusted(), trusting(2, 1, 1, 2));
  });

  test('a snapshot that went back under its own name is not looked at', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.publish('snapshot', 'timestamp');
    await bench.init();
    assert.equal(await bench.refresh(), 0);
    repository.files.set('metadata/2.snapshot.json', repository.file('metadata/1.snapshot.json'));
    assert.equal(await bench.refresh(), 0);
    assert.equal(bench.requests.at(-1), 'timestamp');
    assert.deepEqual(await bench.trusted(), trusting(1, 2, 1, 2));
  });
});
