import assert from 'node:assert/strict';
import net, { type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { readBody } from './body.ts';
import { createHttpClient, type HttpRequest } from './client.ts';

/**
 * Answers the first request of each connection, and closes the connection once a second one has come, as a server does
 * that had closed it before.
 * @param breaks connections that are closed before any answer
 */
async function closing(context: TestContext, breaks: (connection: number) => boolean) {
  const asked: string[] = [];
  let connections = 0;
  const server = net.createServer((socket) => {
    const connection = connections++;
    let answered = 0;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const [line = ''] = data.toString('latin1').split('\r\n');
      asked.push(`${connection}: ${line}`);
      if (breaks(connection) || answered++ > 0) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: keep-alive\r\n\r\nwell');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createHttpClient();
  context.after(() => {
    client.close();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ask = async (request: Omit<HttpRequest, 'url'>): Promise<string> =>
    (await readBody((await client.request({ ...request, url })).body, 100, 'answer')).toString();
  return { ask, asked };
}

test('what meets a kept connection that was closed is sent again over a new one', async (context) => {
  const { ask, asked } = await closing(context, () => false);
  const post = { method: 'POST', body: 'x', repeatable: true } as const;
  assert.equal(await ask({ method: 'GET' }), 'well');
  assert.equal(await ask({ method: 'GET' }), 'well');
  assert.equal(await ask(post), 'well');
  assert.deepEqual(asked, [
    '0: GET / HTTP/1.1',
    '0: GET / HTTP/1.1',
    '1: GET / HTTP/1.1',
    '1: POST / HTTP/1.1',
    '2: POST / HTTP/1.1',
  ]);
});

test('what may not come twice is not sent again', async (context) => {
  const { ask, asked } = await closing(context, () => false);
  await ask({ method: 'GET' });
  await assert.rejects(ask({ method: 'POST', body: 'x' }), { code: 'E_PARENT_UNREACHABLE' });
  await ask({ method: 'GET' });
  const streamed = (async function* () {
    yield Buffer.from('x');
  })();
  const request = { method: 'POST', body: streamed, repeatable: true } as const;
  await assert.rejects(ask(request), { code: 'E_PARENT_UNREACHABLE' });
  assert.deepEqual(
    asked.filter((line) => /POST/.test(line)),
    ['0: POST / HTTP/1.1', '1: POST / HTTP/1.1'],
  );
});

test('a new connection that breaks is a fault of the other side', async (context) => {
  const { ask, asked } = await closing(context, (connection) => connection > 0);
  await ask({ method: 'GET' });
  await assert.rejects(ask({ method: 'GET' }), { code: 'E_PARENT_UNREACHABLE' });
  assert.equal(asked.length, 3);
});
