// Preloaded into the agent's process (`node --import`): which request each byte at the sockets belongs to. Asked by
// SIGUSR2, it writes what it has counted to the file that the query of its URL names. Plain JavaScript: what compiles
// TypeScript would count into the memory that is measured.
import { subscribe } from 'node:diagnostics_channel';
import { renameSync, writeFileSync } from 'node:fs';

const file = new URL(import.meta.url).searchParams.get('file');
/** What no request can be blamed for: TLS handshakes, and what closes a connection. */
const connections = { method: '', path: '', answered: true, bodyBytes: 0, bytesDown: 0, bytesUp: 0 };
const counted = [connections];
/** By local port: the TCP socket, what was counted of it, and the request that it carries: one at a time. */
const open = new Map();
let asked = 0;

function count(place) {
  const { socket, current } = place;
  current.bytesDown += socket.bytesRead - place.down;
  current.bytesUp += socket.bytesWritten - place.up;
  place.down = socket.bytesRead;
  place.up = socket.bytesWritten;
}

subscribe('net.client.socket', ({ socket }) => {
  socket.once('connect', () => {
    const place = { socket, current: connections, down: 0, up: 0 };
    const port = socket.localPort;
    open.set(port, place);
    socket.once('close', () => {
      count(place);
      if (open.get(port) === place) open.delete(port);
    });
  });
});

subscribe('http.client.request.created', ({ request }) => {
  const entry = {
    method: request.method,
    path: request.path,
    answered: false,
    bodyBytes: 0,
    bytesDown: 0,
    bytesUp: 0,
  };
  request.once('socket', (socket) => {
    counted.push(entry);
    const begin = () => {
      const place = open.get(socket.localPort);
      if (place === undefined) return;
      count(place);
      place.current = entry;
    };
    if (socket.connecting || socket.secureConnecting) socket.once('secureConnect', begin);
    else begin();
  });
  request.once('response', (response) => {
    entry.answered = true;
    entry.bodyBytes = Number(response.headers['content-length'] ?? 0);
  });
});

process.on('SIGUSR2', () => {
  for (const place of open.values()) count(place);
  asked += 1;
  writeFileSync(`${file}.new`, JSON.stringify({ asked, counted }));
  renameSync(`${file}.new`, file);
});
