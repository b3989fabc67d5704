import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https, { type AgentOptions } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readBody } from './body.ts';
import { createHttpClient } from './client.ts';

const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;

describe('the HTTP client', () => {
  let folder: string;
  let server: https.Server;
  let proxy: net.Server;
  const wire = { down: 0, up: 0 };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'xylem-http-'));
    const made = ['-keyout', join(folder, 'k.pem'), '-out', join(folder, 'c.pem')];
    const openssl = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    execFileSync('openssl', [...openssl, ...made], { stdio: 'ignore' });
    server = https.createServer(
      { key: readFileSync(join(folder, 'k.pem')), cert: readFileSync(join(folder, 'c.pem')) },
      (request, response) => {
        if (request.url === '/silent') return;
        if (request.url === '/broken') {
          response.writeHead(200, { 'content-length': 100 });
          response.write('half', () => response.destroy());
          return;
        }
        void readBody(request, 1e6, 'body').then((body) => response.end(Buffer.alloc(100_000 + body.length)));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = net.createServer((child) => {
      const upstream = net.connect(portOf(server), '127.0.0.1');
      child.on('data', (data) => {
        wire.up += data.length;
        upstream.write(data);
      });
      upstream.on('data', (data) => {
        wire.down += data.length;
        child.write(data);
      });
      child.on('close', () => upstream.destroy()).on('error', () => undefined);
      upstream.on('close', () => child.destroy()).on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    proxy.close();
    rmSync(folder, { recursive: true });
  });

  it('counts the bytes that crossed the wire, TLS included, over one kept connection', async () => {
    const client = createHttpClient({ tls: { rejectUnauthorized: false } });
    const url = `https://127.0.0.1:${portOf(proxy)}/`;
    await readBody((await client.request({ method: 'GET', url })).body, 1e6, 'answer');
    const body = (async function* () {
      yield Buffer.from('abc');
    })();
    const second = await client.request({ method: 'POST', url, body });
    assert.equal((await readBody(second.body, 1e6, 'answer')).length, 100_003);
    assert.deepEqual(client.transfer(), { bytesDown: wire.down, bytesUp: wire.up, requests: 2 });
    client.close();
  });

  it('keeps a connection while its options say the same, and makes another once they do not', async () => {
    let tls: AgentOptions = { rejectUnauthorized: false };
    const client = createHttpClient({ tls: () => ({ ...tls }) });
    const url = `https://127.0.0.1:${portOf(proxy)}/`;
    let connections = 0;
    const count = (): void => {
      connections += 1;
    };
    proxy.on('connection', count);
    const ask = async (): Promise<void> => {
      await readBody((await client.request({ method: 'GET', url })).body, 1e6, 'answer');
    };
    await ask();
    await ask();
    assert.equal(connections, 1);
    tls = { rejectUnauthorized: false, ca: readFileSync(join(folder, 'c.pem'), 'utf8') };
    await ask();
    assert.equal(connections, 2);
    tls = { rejectUnauthorized: true, ca: [] };
    await assert.rejects(ask(), { code: 'E_PARENT_UNREACHABLE' });
    proxy.off('connection', count);
    client.close();
  });

  it('says which parent does not answer', async () => {
    const client = createHttpClient({ tls: { rejectUnauthorized: false } });
    const closed = net.createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const port = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    await assert.rejects(client.request({ method: 'GET', url: `https://127.0.0.1:${port}/` }), {
      code: 'E_PARENT_UNREACHABLE',
      retry: 'elsewhere',
    });
    client.close();
  });

  it('goes on to the next address of a name', async () => {
    const client = createHttpClient({
      tls: { rejectUnauthorized: false },
      lookup: (_name, _options, found) =>
        found(
          null,
          ['127.0.0.77', '127.0.0.1'].map((address) => ({ address, family: 4 })),
        ),
    });
    for (let i = 0; i < 2; i += 1) {
      const { body } = await client.request({ method: 'GET', url: `https://node.test:${portOf(server)}/` });
      assert.equal((await readBody(body, 1e6, 'answer')).length, 100_000);
    }
    client.close();
  });

  it('leaves a silent parent after the idle time', async () => {
    const client = createHttpClient({ tls: { rejectUnauthorized: false } });
    const url = `https://127.0.0.1:${portOf(server)}/silent`;
    await assert.rejects(client.request({ method: 'GET', url, idleTimeoutMs: 50 }), {
      code: 'E_PARENT_UNREACHABLE',
    });
    client.close();
  });

  it('leaves a server that takes the connection and never finishes, or trickles the head of its answer', async () => {
    const client = createHttpClient({ tls: { rejectUnauthorized: false } });
    const trickling = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x-more: 1\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    const silent = net.createServer((socket) => socket.on('error', () => undefined));
    for (const [other, scheme] of [
      [trickling, 'http'],
      [silent, 'https'],
    ] as const) {
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const url = `${scheme}://127.0.0.1:${portOf(other)}/`;
      await assert.rejects(client.request({ method: 'GET', url, idleTimeoutMs: 200 }), {
        code: 'E_PARENT_UNREACHABLE',
        retry: 'elsewhere',
      });
      if (other === silent) {
        // A question that is held has long to be answered, and no longer than others to be connected for.
        const held = { method: 'GET', url, idleTimeoutMs: 60_000, connectMs: 200 } as const;
        await assert.rejects(client.request(held), { message: /no connection for 200 ms/ });
      }
      other.close();
    }
    client.close();
  });

  it('gives up a body that trickles, with a coded error, and waits for a reader that is slow itself', async () => {
    const trickling = http.createServer((request, response) => {
      if (request.url === '/whole') {
        response.end(Buffer.alloc(1_000_000));
        return;
      }
      response.writeHead(200, { 'content-length': 1_000_000 });
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => trickling.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${portOf(trickling)}`;
    const client = createHttpClient({ slowest: { bytesPerSecond: 100_000, overMs: 200 } });
    const slow = await client.request({ method: 'GET', url: `${base}/` });
    await assert.rejects(readBody(slow.body, 1e6, 'answer'), {
      code: 'E_PARENT_UNREACHABLE',
      retry: 'elsewhere',
      message: /too slowly/,
    });
    const whole = await client.request({ method: 'GET', url: `${base}/whole` });
    // The reader's own pause is what is under test: three times what a sender would get.
    await delay(600);
    assert.equal((await readBody(whole.body, 1e6, 'answer')).length, 1_000_000);
    client.close();
    trickling.closeAllConnections();
    trickling.close();
  });

  it('codes a body that breaks off, so that another parent is asked', async () => {
    const client = createHttpClient({ tls: { rejectUnauthorized: false } });
    const url = `https://127.0.0.1:${portOf(server)}/broken`;
    const { body } = await client.request({ method: 'GET', url });
    await assert.rejects(readBody(body, 1000, 'answer'), { code: 'E_NETWORK', retry: 'elsewhere' });
    client.close();
  });

  it('stops reading a body at its bound', async () => {
    const client = createHttpClient({ tls: { rejectUnauthorized: false } });
    const { body } = await client.request({ method: 'GET', url: `https://127.0.0.1:${portOf(server)}/` });
    await assert.rejects(readBody(body, 1000, 'answer'), { code: 'E_TOO_LARGE' });
    client.close();
  });
});
