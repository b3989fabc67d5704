import assert from 'node:assert/strict';
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
});
