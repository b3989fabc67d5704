import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { askOut, isOuterAddress, systemClock } from '@xylem/platform';
import { freePort, removeLater, tlsServer } from '@xylem/testkit';

type Asked = Parameters<typeof askOut>[1];

const { signal } = new AbortController();
const ask = (url: string, more: Partial<Asked> = {}) =>
  askOut(systemClock, {
    url,
    allows: null,
    ca: undefined,
    contains: undefined,
    timeoutMs: 5000,
    signal,
    ...more,
  });

test('an answer is its status and whether a text is within its first 256 KiB', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/silent') return;
    if (request.url === '/moved') return void response.writeHead(302, { location: '/fine' }).end();
    if (request.url === '/broken') return void response.destroy();
    if (request.url === '/endless') {
      // More than is read, and no end.
      return void response.write('x'.repeat(2 * 256 * 1024));
    }
    response.writeHead(request.url === '/ill' ? 503 : 200).write('all is w');
    response.end('ell');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(t, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answered = async (path: string, more: Partial<Asked> = {}) => {
    const seen = await ask(`${url}${path}`, more);
    assert.ok(seen.kind === 'answered', JSON.stringify(seen));
    assert.equal(seen.certificateUntil, null);
    return [seen.status, seen.found];
  };
  assert.deepEqual(await answered('/fine'), [200, null]);
  assert.deepEqual(await answered('/fine', { contains: 'is well' }), [200, true]);
  assert.deepEqual(await answered('/fine', { contains: 'is ill' }), [200, false]);
  assert.deepEqual(await answered('/ill'), [503, null]);
  assert.deepEqual(await answered('/moved'), [302, null]);
  assert.ok(!asked.slice(asked.indexOf('/moved')).includes('/fine'), 'a redirect is not followed');
  assert.deepEqual(await answered('/endless', { contains: 'y' }), [200, false]);
  assert.deepEqual(await ask(`${url}/silent`, { timeoutMs: 300 }), {
    kind: 'failed',
    why: 'no answer within 0.3 s',
  });
  assert.equal((await ask(`${url}/broken`)).kind, 'failed');
  // A machine that is there and refuses is no fault of the network on the way.
  const refused = await ask(`http://127.0.0.1:${await freePort()}/`);
  assert.deepEqual(refused, { kind: 'failed', why: 'no answer: ECONNREFUSED' });
  const nowhere = await ask('http://nobody.invalid/');
  assert.equal(nowhere.kind, 'unreached');
});

test('a certificate is held against its authorities, and says when it ends', async (t) => {
  const { url, certificate } = await tlsServer(t, 2, (_, response) => response.end('fine'));
  const seen = await ask(url, { ca: certificate });
  assert.ok(seen.kind === 'answered' && seen.certificateUntil !== null, JSON.stringify(seen));
  const days = (seen.certificateUntil - systemClock.now()) / 86_400_000;
  assert.ok(days > 1 && days <= 2);
  assert.deepEqual(await ask(url), { kind: 'failed', why: 'no answer: DEPTH_ZERO_SELF_SIGNED_CERT' });
  const elsewhere = await ask(url.replace('localhost', '127.0.0.1'), { ca: certificate });
  assert.deepEqual(elsewhere, { kind: 'failed', why: 'no answer: ERR_TLS_CERT_ALTNAME_INVALID' });
  const ended = await tlsServer(t, -1, (_, response) => response.end('fine'));
  const late = await ask(ended.url, { ca: ended.certificate });
  assert.deepEqual(late, { kind: 'failed', why: 'no answer: CERT_HAS_EXPIRED' });
});

test('who may not go anywhere reaches no address of this machine or of networks inside, by number or by name', async (t) => {
  let count = 0;
  const server = createServer((_, response) => {
    count += 1;
    response.end('secret');
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  removeLater(t, () => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
    const seen = await ask(`http://${host}:${port}/`, { allows: isOuterAddress, contains: 'secret' });
    assert.deepEqual(seen, { kind: 'failed', why: 'the address lies in a network inside' }, host);
  }
  assert.equal(count, 0);
});
