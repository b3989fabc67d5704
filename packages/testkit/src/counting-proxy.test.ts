import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { countingProxy, removeLater } from './index.ts';

const body = Buffer.alloc(300_000, 'x');

async function parts(t: TestContext) {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(t, () => void server.close());
  const proxy = await countingProxy(t, { port: (server.address() as AddressInfo).port });
  const get = async (): Promise<Buffer> => {
    const signal = AbortSignal.timeout(2_000);
    const response = await fetch(`http://127.0.0.1:${proxy.port}/`, {
      signal,
      headers: { connection: 'close' },
    });
    return Buffer.from(await response.arrayBuffer());
  };
  return { proxy, get };
}

test('counts bytes in both directions and changes nothing', async (t) => {
  const { proxy, get } = await parts(t);
  assert.ok((await get()).equals(body));
  assert.ok(
    proxy.bytesDown() > body.length && proxy.bytesDown() < body.length + 1_000,
    `${proxy.bytesDown()}`,
  );
  assert.ok(proxy.bytesUp() > 50 && proxy.bytesUp() < 1_000);
  assert.equal(proxy.connections(), 1);
});

test('cuts after so many bytes, refuses, and heals', async (t) => {
  const { proxy, get } = await parts(t);
  proxy.fault({ cutAfterBytes: 100_000 });
  await assert.rejects(get());
  assert.equal(proxy.bytesDown(), 100_000);
  await assert.rejects(get());
  proxy.heal();
  assert.ok((await get()).equals(body));
});

test('flips one bit', async (t) => {
  const { proxy, get } = await parts(t);
  proxy.fault({ corruptAtByte: 200_000 });
  const got = await get();
  assert.equal(got.length, body.length);
  assert.equal(got.filter((byte, index) => byte !== body[index]).length, 1);
});

test('stalls', async (t) => {
  const { proxy, get } = await parts(t);
  proxy.fault({ stallAfterBytes: 1_000 });
  await assert.rejects(get(), { name: 'TimeoutError' });
});
