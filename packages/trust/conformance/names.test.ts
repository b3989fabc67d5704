import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { all, Bench } from './testing/bench.ts';

describe('names', () => {
  test('names of roles are quoted in requests, and never lead out of the folder', async (t) => {
    for (const name of ['?', '#', '/role', '../role', '..', 'ü %2e', 'a\0b', '*']) {
      const bench = await Bench.start(t);
      const { repository } = bench;
      repository.delegate('targets', name);
      repository.publish(name, ...all);
      await bench.init();
      assert.equal(await bench.download('missing'), 1);
      const quoted = encodeURIComponent(name).replace('*', '%2A');
      assert.equal(bench.requests.at(-1), `${quoted} 1`, name);
      assert.equal((await bench.trusted()).length, 5, name);
      assert.deepEqual((await readdir(bench.folder)).sort(), ['initial_root.json', 'metadata', 'targets']);
    }
  });

  test('a URL of a repository may end in a slash or not', async (t) => {
    const bench = await Bench.start(t);
    bench.slash = '';
    await bench.init();
    assert.equal(await bench.refresh(), 0);
    assert.deepEqual(bench.requests, ['root 2', 'timestamp', 'snapshot 1', 'targets 1']);
  });
});
