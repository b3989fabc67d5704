import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { cleanup, startProcess, tempFolder, waitUntil } from './index.ts';

test('a started process is waited for, killed by its id and gone', async (t) => {
  const child = await startProcess({
    context: t,
    command: process.execPath,
    args: ['-e', 'console.log("port " + 4711); setInterval(() => {}, 1000)'],
  });
  const line = await child.waitForLine(/^port (\d+)$/);
  assert.equal(line[1], '4711');
  await child.kill();
  assert.deepEqual(await child.exited, { code: null, signal: 'SIGKILL' });
  assert.throws(() => process.kill(child.pid, 0));
});

test('waiting for a line ends with the process and shows what it wrote', async (t) => {
  const child = await startProcess({
    context: t,
    command: process.execPath,
    args: ['-e', 'console.error("no such thing")'],
  });
  await assert.rejects(child.waitForLine(/never/), /the process ended[\s\S]*no such thing/);
});

test('waitUntil names what did not happen', async () => {
  await assert.rejects(
    waitUntil(() => 0, 20, 'pigs fly'),
    /not within 20 ms: pigs fly \(last: 0\)/,
  );
  let asked = 0;
  assert.equal(await waitUntil(() => ++asked > 2 && 'yes'), 'yes');
});

test('what is made last is removed first', async () => {
  const own = cleanup();
  const folder = await tempFolder(own);
  const seen: boolean[] = [];
  own.after(() => void seen.push(existsSync(folder)));
  await own.run();
  assert.deepEqual(seen, [true]);
  assert.equal(existsSync(folder), false);
});
