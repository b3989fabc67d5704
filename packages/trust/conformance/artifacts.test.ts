import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { all, Bench } from './testing/bench.ts';

describe('artifacts', () => {
  test('an artifact is fetched by its digest, kept, not fetched twice, and replaced when it changed', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    for (const path of ['plain.txt', 'path/to/a file.txt']) {
      repository.addTarget(path, Buffer.from(`first of ${path}`));
      repository.publish(...all);
      assert.equal(await bench.download(path), 0, path);
    }
    assert.deepEqual((await bench.artifacts()).sort(), ['first of path/to/a file.txt', 'first of plain.txt']);
    assert.match(bench.requests.at(-1) ?? '', /^targets\/path\/to\/[0-9a-f]{64}\.a%20file\.txt$/);
    bench.requests.length = 0;
    assert.equal(await bench.download('plain.txt'), 0);
    assert.deepEqual(bench.requests, ['root 2', 'timestamp']);
    repository.addTarget('plain.txt', Buffer.from('second'));
    repository.publish(...all);
    assert.equal(await bench.download('plain.txt'), 0);
    assert.deepEqual((await bench.artifacts()).sort(), ['first of path/to/a file.txt', 'second']);
  });

  test('other bytes in the place of an artifact, longer or shorter ones, are not taken', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.addTarget('file', Buffer.from('honest'));
    repository.publish(...all);
    await bench.init();
    const path = [...repository.files.keys()].find((name) => name.startsWith('targets/')) ?? '';
    for (const bytes of ['malice', 'honest and more', 'hon', 'x'.repeat(1_000_000)]) {
      repository.files.set(path, Buffer.from(bytes));
      assert.equal(await bench.download('file'), 1);
      assert.deepEqual(await bench.artifacts(), []);
    }
  });

  for (const algorithms of [['sha256'], ['sha512'], ['sha384'], ['sha256', 'sha512'], ['sha512', 'sha256']]) {
    test(`known by ${algorithms.join(' and ')}: fetched once, by one of its digests, and then kept`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      repository.addTarget('file.txt', Buffer.from('some bytes'), 'targets', algorithms);
      repository.publish(...all);
      await bench.init();
      assert.equal(await bench.download('file.txt'), 0);
      assert.equal(await bench.download('file.txt'), 0);
      assert.deepEqual(await bench.artifacts(), ['some bytes']);
      const digests = Object.values(repository.targets().targets['file.txt']?.hashes ?? {});
      const fetched = bench.requests.filter((request) => request.startsWith('targets/'));
      assert.equal(fetched.length, 1);
      assert.ok(digests.some((digest) => fetched[0] === `targets/${digest}.file.txt`));
    });
  }

  test('known only by a digest of a kind that nobody knows it is not taken', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.addTarget('file.txt', Buffer.from('some bytes'), 'targets', ['sha512']);
    const target = repository.targets().targets['file.txt'];
    assert.ok(target);
    target.hashes = { 'sha-of-mine': target.hashes.sha512 ?? '' };
    repository.publish(...all);
    await bench.init();
    assert.equal(await bench.download('file.txt'), 1);
    assert.deepEqual(await bench.artifacts(), []);
  });

  test('of several each is taken in its order up to the first that is refused; metadata is asked for once', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    for (const path of ['one', 'two', 'four']) repository.addTarget(path, Buffer.from(path));
    repository.publish(...all);
    await bench.init();
    assert.equal(await bench.download(['two', 'one']), 0);
    // Two files that are written within a tick of the kernel's clock have no order: the requests have one.
    assert.deepEqual((await bench.artifacts()).sort(), ['one', 'two']);
    assert.deepEqual(
      bench.requests.map((request) => request.replace(/[0-9a-f]{64}/, '…')),
      ['root 2', 'timestamp', 'snapshot 2', 'targets 2', 'targets/….two', 'targets/….one'],
    );
    assert.equal(await bench.download(['one', 'three', 'four']), 1);
    assert.deepEqual((await bench.artifacts()).sort(), ['one', 'two']);
  });

  test('over many changes the newest is kept under one name, written last, and nothing false in between', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    for (let round = 0; round < 3; round += 1) {
      for (let step = 0; step < 5; step += 1) {
        repository.addTarget('changing', Buffer.from(`${round}.${step}`));
        repository.addTarget(`new-${round}`, Buffer.from(`new ${round}`));
        repository.publish(...all);
      }
      assert.equal(await bench.download('changing'), 0);
      const others = Array.from({ length: round }, (_, before) => `new ${before}`);
      assert.deepEqual(await bench.artifacts(), [...others, `${round}.4`]);
      // Other bytes at the same place, without a word from the role: what is there stays, unwritten.
      for (const path of repository.files.keys()) {
        if (path.endsWith('.changing')) repository.files.set(path, Buffer.from('false'));
      }
      repository.publish(...all);
      await bench.download('changing');
      assert.equal(await bench.download(`new-${round}`), 0);
      assert.deepEqual(await bench.artifacts(), [...others, `${round}.4`, `new ${round}`]);
    }
  });

  test('without consistent snapshots an artifact is asked for by its path alone', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.root.consistent_snapshot = false;
    repository.addTarget('path/to/file.txt', Buffer.from('plain'));
    repository.files.set('targets/path/to/file.txt', Buffer.from('plain'));
    repository.publish('root', ...all);
    await bench.init();
    assert.equal(await bench.download('path/to/file.txt'), 0);
    assert.equal(bench.requests.at(-1), 'targets/path/to/file.txt');
    assert.deepEqual(await bench.artifacts(), ['plain']);
  });

  test('names that begin with a dot lie there where everybody looks, and lead nowhere else', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    for (const path of ['.hidden', '..', '../outside']) {
      repository.addTarget(path, Buffer.from(path));
      repository.publish(...all);
    }
    await bench.init();
    for (const path of ['.hidden', '../outside']) await bench.download(path);
    assert.deepEqual((await bench.artifacts())[0], '.hidden');
    assert.deepEqual((await readdir(bench.folder)).sort(), ['initial_root.json', 'metadata', 'targets']);
  });
});
