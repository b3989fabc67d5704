import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { limits } from '@xylem/core';
import { makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { noise, text } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';

const program = join(import.meta.dirname, '../testing/fetch-main.ts');

/**
 * Runs the fetching process; kills it with SIGKILL when nothing more happens while `isStuck`, which is told how many
 * bytes are in place. Returns its last line.
 */
async function runFetch(
  t: TestContext,
  words: readonly string[],
  isStuck: (done: number) => boolean,
): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, [program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  let last = 'done 0';
  // Whatever has been received has been dealt with when the process has been still for a while: the bound below is
  // about what it had, not about what lay in the kernel.
  const still = setInterval(() => {
    if (isStuck(Number(last.slice('done '.length))) && Date.now() - lastLineMs > 300) child.kill('SIGKILL');
  }, 20);
  let lastLineMs = Date.now();
  for await (const line of createInterface({ input: child.stdout! })) {
    last = line;
    lastLineMs = Date.now();
  }
  await exit;
  clearInterval(still);
  return last;
}

test('killed three times, the transfer fetches less than one frame again each time', {
  timeout: 60_000,
}, async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const published = await publish('tree', {
    big: noise('kill', 9_000_000),
    ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`small/${i}`, noise(`kill${i}`, 15_000)])),
    text: text('kill', 600_000),
  });
  const pack = published.packs[0]!;
  const bytes = await readFile(repository.objectPath(testDomain, pack.digest));
  const framesBytes = Number(bytes.readBigUInt64LE(bytes.length - 16)) - 8;
  let sent = 0;
  let stopAt = 0;
  // Sends no more than `stopAt` bytes of the pack in all, and holds the line open then.
  const server = await serveForTest(t, repository, (request, response) => {
    if (!request.url!.endsWith(pack.digest)) return false;
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!;
    const part = bytes.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${first}-${last}/${bytes.length}`,
    });
    void sendSome(response, part);
    return true;
  });
  const sendSome = async (response: ServerResponse, part: Buffer): Promise<void> => {
    for (let at = 0; at < part.length && sent < stopAt && !response.destroyed; ) {
      const piece = part.subarray(at, at + Math.min(50_000, stopAt - sent));
      at += piece.length;
      sent += piece.length;
      await new Promise<void>((resolve) => response.write(piece, () => resolve()));
      if (at === part.length) response.end();
    }
  };
  const into = join(base, 'into');
  const words = [server.url, published.tree, into];
  for (const [kills, bound] of [1_700_000, 5_500_000, 9_900_000].entries()) {
    stopAt = bound;
    // Killed no earlier than it has got so far, however slow the machine is: the bound is less than a frame for each life.
    const least = bound - (kills + 1) * limits.frameContent;
    await runFetch(t, words, (done) => sent === stopAt && done >= least);
  }
  const before = sent;
  stopAt = Number.POSITIVE_INFINITY;
  const last = await runFetch(t, words, () => false);
  assert.deepEqual(await readFolder(into), await readFolder(published.folder));
  const { resumedBytes } = JSON.parse(last.replace('fetched ', '')) as { resumedBytes: number };
  assert.ok(resumedBytes >= before - 3 * limits.frameContent, `${resumedBytes} of ${before}`);
  const again = sent - framesBytes;
  t.diagnostic(`${again} bytes fetched again in three kills`);
  assert.ok(again < 3 * limits.frameContent, `${again} bytes fetched again`);
});
