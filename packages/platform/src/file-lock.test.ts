import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tryLockFile } from './file-lock.ts';

function lockFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('one holds it at a time, in this process and among others, and who is killed holds nothing', async (t) => {
  const path = join(lockFolder(t), 'lock');
  const own = tryLockFile(path);
  assert.ok(own);
  assert.equal(tryLockFile(path), null);
  own.release();
  const script = `import { tryLockFile } from '${import.meta.resolve('./file-lock.ts')}';
    globalThis.held = tryLockFile(process.argv[1]);
    console.log('held');
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.equal(tryLockFile(path), null);
  child.kill('SIGKILL');
  await once(child, 'exit');
  tryLockFile(path)?.release();
  const again = tryLockFile(path);
  assert.ok(again);
  again.release();
});

test('what is no lock file is said', (t) => {
  const folder = lockFolder(t);
  assert.throws(() => tryLockFile(folder), { code: 'E_STORAGE' });
});
