import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fullDisk, nginxServer, staticServer, tempFolder, testClock } from './index.ts';

/** What hosts need of a plain web server; one suite for ours and for nginx. */
async function plainServer(
  t: TestContext,
  start: (folder: string) => Promise<{ url: string } | { skip: string }>,
) {
  const folder = await tempFolder(t, 'www');
  await writeFile(join(folder, 'file'), 'twelve bytes');
  const server = await start(folder);
  if ('skip' in server) return t.skip(server.skip);
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(`${server.url}${path}`, { headers, method });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const whole = await get('/file');
  assert.equal(whole.text, 'twelve bytes');
  const etag = whole.headers.get('etag') ?? '';
  assert.match(etag, /^"[0-9a-f]+-c"$/);
  assert.equal((await get('/file', { 'if-none-match': etag })).status, 304);
  const part = await get('/file', { range: 'bytes=7-' });
  assert.deepEqual(
    [part.status, part.text, part.headers.get('content-range')],
    [206, 'bytes', 'bytes 7-11/12'],
  );
  assert.equal((await get('/file', { range: 'bytes=12-' })).status, 416);
  assert.equal((await get('/news')).status, 404);
  assert.equal((await get('/file', {}, 'POST')).status, 405);
  assert.equal((await get('/../etc/passwd')).status, 404);
}

test('the static server behaves as a plain web server', (t) =>
  plainServer(t, (folder) => staticServer(t, folder)));
test('nginx behaves as a plain web server', (t) => plainServer(t, (folder) => nginxServer(t, folder)));

test('a full disk is full, and has room again', async (t) => {
  const disk = await fullDisk(t, 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  await disk.fill();
  await assert.rejects(writeFile(join(disk.folder, 'more'), Buffer.alloc(10_000)), { code: 'ENOSPC' });
  await disk.free();
  await writeFile(join(disk.folder, 'more'), Buffer.alloc(10_000));
});

test('virtual time wakes sleepers in order', async () => {
  const clock = testClock(0);
  const woken: string[] = [];
  const stop = new AbortController();
  void clock.sleep(20).then(() => woken.push('second'));
  void clock.sleep(10).then(async () => {
    woken.push('first');
    await clock.sleep(5);
    woken.push('first again');
  });
  clock.sleep(1, stop.signal).catch(() => woken.push('stopped'));
  stop.abort();
  await clock.advance(19);
  assert.deepEqual(woken, ['stopped', 'first', 'first again']);
  await clock.advance(1);
  assert.deepEqual(woken.at(-1), 'second');
  assert.deepEqual([clock.now(), clock.monotonicMs(), clock.sleepers()], [20, 20, 0]);
  clock.leapTo(5);
  assert.deepEqual([clock.now(), clock.monotonicMs()], [5, 20]);
});
