// The static path of root server and relay over plain HTTP: node plain-main.ts FOLDER; says its port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openRepository, serveRepository } from '@xylem/store';

const handle = serveRepository(await openRepository(process.argv[2] ?? ''), { authorise: () => true });
const server = createServer((request, response) => {
  if (!handle(request, response)) response.writeHead(404).end();
});
server.keepAliveTimeout = 75_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
