import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { sha256 } from '@xylem/core';
import { makeFixture, testDomain } from '../testing/fixture.ts';
import { noise } from '../testing/folder.ts';
import { serveRepository } from './serve.ts';
import { boundStrangers } from './strangers.ts';

test('strangers beyond the bound are told to come again, and a place is free when one has gone', async (t) => {
  const { repository } = await makeFixture(t);
  const large = noise('strangers', 4_000_000);
  await repository.putObject(testDomain, sha256(large), large);
  const strangers = boundStrangers(2);
  const authorise = (_: IncomingMessage, __: unknown, response: Parameters<typeof strangers.admit>[0]) =>
    strangers.admit(response);
  const handle = serveRepository(repository, { authorise });
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/o/${testDomain}/${sha256(large)}`;
  /** Its headers alone: who reads no further holds the place. */
  const begin = async (): Promise<IncomingMessage> => {
    const [answer] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
    return answer;
  };
  const first = await begin();
  const second = await begin();
  const third = await begin();
  assert.deepEqual([first.statusCode, second.statusCode, third.statusCode], [200, 200, 503]);
  assert.equal(third.headers['retry-after'], '10');
  first.destroy();
  for (let status: number | undefined = 503; status === 503; ) status = (await begin()).statusCode;
});
