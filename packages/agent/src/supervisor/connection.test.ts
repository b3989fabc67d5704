import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeLater, tempFolder } from '@xylem/testkit';
import { connectSupervisor } from './connection.ts';

test('an answer that is none is a refusal by code, and takes nobody down', async (t) => {
  const path = join(await tempFolder(t, 'socket'), 's');
  const odd = [
    '{"id":1,"ok":false,"code":{"toString":"x"},"message":{"toString":null}}',
    '{"event":"changed","component":{"toString":0}}',
    'null',
    '[1]',
  ];
  let answer = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(`${answer}\n`));
  });
  server.listen(path);
  await once(server, 'listening');
  removeLater(t, () => void server.close());
  for (answer of odd) {
    const connection = await connectSupervisor(path, { changed: () => undefined, closed: () => undefined });
    await assert.rejects(connection?.ask({ op: 'list' }, 5_000) ?? Promise.resolve(), {
      code: 'E_SUPERVISOR',
    });
  }
});

test('a supervisor that ends just as it is asked counts as none', async (t) => {
  const path = join(await tempFolder(t, 'socket'), 's');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const connecting = connectSupervisor(path, { changed: () => undefined, closed: () => undefined });
  server.close();
  assert.equal(await connecting, null);
});
