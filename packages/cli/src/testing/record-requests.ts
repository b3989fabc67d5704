import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';

/**
 * Preloaded into a real process (`node --import`): each request that its HTTP servers get becomes a line
 * `<local port> <method> <url>` of the file that XYLEM_TEST_REQUESTS names.
 */
const file = process.env.XYLEM_TEST_REQUESTS;
if (file === undefined) throw new Error('XYLEM_TEST_REQUESTS must name a file.');
subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage };
  appendFileSync(file, `${request.socket.localPort} ${request.method} ${request.url}\n`);
});
