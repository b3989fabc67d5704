import assert from 'node:assert/strict';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createHttpClient } from './client.ts';

test('of a name with several addresses it is said why none of them answers', async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const addresses = ['127.0.0.1', '127.0.0.2'];
  const all = addresses.map((address) => ({ address, family: 4 }));
  const client = createHttpClient({ lookup: (_name, _options, found) => found(null, all) });
  const refused = addresses.map((address) => `connect ECONNREFUSED ${address}:${port}`).join('; ');
  await assert.rejects(client.request({ method: 'GET', url: `http://name.test:${port}/` }), {
    code: 'E_PARENT_UNREACHABLE',
    message: `http://name.test:${port} does not answer: ${refused}`,
  });
  client.close();
});
