import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { all, Bench, trusting } from './testing/bench.ts';

const hasPython = spawnSync('python3', ['--version']).error === undefined;

describe('a server that takes one connection at a time', { skip: hasPython ? false : 'no python3' }, () => {
  for (const protocol of ['HTTP/1.0', 'HTTP/1.1']) {
    test(`${protocol}: each call goes through and leaves the way free for the next`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      repository.delegate('targets', 'delegated', { paths: ['path/*'] });
      repository.addTarget('path/one', Buffer.from('one'), 'delegated');
      repository.addTarget('two', Buffer.from('two'));
      repository.publish('delegated', ...all);
      bench.url = await serve(t, bench, protocol);
      assert.equal(await bench.init(), 0);
      assert.equal(await bench.refresh(), 0);
      assert.equal(await bench.download(['path/one', 'two']), 0);
      assert.equal(await bench.download('missing'), 1);
      assert.equal(await bench.refresh(), 0);
      assert.deepEqual(await bench.artifacts(), ['one', 'two']);
      assert.deepEqual(await bench.trusted(), ['delegated 1', ...trusting(1, 2, 2, 2)]);
    });
  }
});

/** The bench's repository behind a process of python3. */
async function serve(t: TestContext, bench: Bench, protocol: string): Promise<string> {
  const folder = join(bench.folder, 'served');
  for (const [path, bytes] of bench.repository.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  const program = join(import.meta.dirname, 'testing', 'one-at-a-time.py');
  const server = spawn('python3', [program, folder, protocol], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => void server.stdin.end());
  const port = await new Promise<string>((resolve, reject) => {
    server.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return `http://127.0.0.1:${port}`;
}
