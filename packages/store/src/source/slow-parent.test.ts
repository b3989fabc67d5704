import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createHttpClient, systemClock } from '@xylem/platform';
import { failover } from './failover.ts';
import { httpSource } from './http-source.ts';
import { readWhole } from './read.ts';

test('a parent that trickles is left, and the next one gives the whole file', async (t) => {
  const bytes = Buffer.alloc(200_000, 'x');
  const slow = await listening(t, (server) =>
    server.on('request', (_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    }),
  );
  const good = await listening(t, (server) =>
    server.on('request', (_request, response) => response.end(bytes)),
  );
  const http = createHttpClient({ slowest: { bytesPerSecond: 10_000, overMs: 300 } });
  t.after(() => http.close());
  const faults: string[] = [];
  const sources = failover([httpSource(http, slow), httpSource(http, good)], {
    clock: systemClock,
    onFault: (source, { code }) => faults.push(`${source} ${code}`),
  });
  const whole = await sources.attempt('o/x', async (source) => readWhole(source, 'o/x', 1_000_000));
  assert.ok(whole.equals(bytes));
  assert.deepEqual(faults, [`${slow} E_PARENT_UNREACHABLE`]);
});

async function listening(
  t: { after(end: () => void): void },
  serve: (server: Server) => unknown,
): Promise<string> {
  const server = createServer();
  serve(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
