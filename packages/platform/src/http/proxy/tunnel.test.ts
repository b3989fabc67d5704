import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readBody } from '../body.ts';
import { createHttpClient } from '../client.ts';

const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;
const listen = (server: net.Server): Promise<void> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
/** No name that anybody but the proxy could look up. */
const node = 'https://node.test:8441/';
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('requests through a proxy', () => {
  let folder: string;
  let server: https.Server;
  let plain: http.Server;
  let proxy: http.Server;
  /** What the proxy says to CONNECT; null: it connects. */
  let says: string | null = null;
  const connected: string[] = [];
  const wire = { down: 0, up: 0 };
  const clientThrough = (url: string) =>
    createHttpClient({ tls: { rejectUnauthorized: false }, proxyEnvironment: { ALL_PROXY: url } });
  const faultThrough = async (url: string, idleTimeoutMs = 5000, target = node): Promise<object> => {
    const client = clientThrough(url);
    try {
      return await client.request({ method: 'GET', url: target, idleTimeoutMs }).then(
        ({ status }) => ({ status }),
        ({ code, retry, message }) => ({ code, retry, message }),
      );
    } finally {
      client.close();
    }
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'xylem-proxy-'));
    const made = ['-keyout', join(folder, 'k.pem'), '-out', join(folder, 'c.pem')];
    const openssl = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', '-subj', '/CN=node.test'];
    execFileSync('openssl', [...openssl, ...made], { stdio: 'ignore' });
    const pair = { key: readFileSync(join(folder, 'k.pem')), cert: readFileSync(join(folder, 'c.pem')) };
    server = https.createServer(pair, (_request, response) => response.end(Buffer.alloc(50_000)));
    plain = http.createServer((request, response) => response.end(request.headers.host));
    proxy = http.createServer((request, response) => {
      connected.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
      if (says !== null) {
        response.writeHead(Number(says)).end();
        return;
      }
      const { host } = request.headers;
      const onward = http.get({ port: portOf(plain), path: '/', headers: { host } }, (answer) =>
        answer.pipe(response),
      );
      onward.on('error', () => response.destroy());
    });
    proxy.on('connect', (request, socket) => {
      connected.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
      socket.on('error', () => undefined);
      if (says !== null) {
        if (says !== '') socket.write(says);
        return;
      }
      const onward = net.connect(portOf(server), '127.0.0.1', () =>
        socket.write('HTTP/1.1 200 Connected\r\n\r\n'),
      );
      onward.on('error', () => socket.destroy());
      onward.pipe(socket).pipe(onward);
      const all = socket as net.Socket;
      all.once('close', () => {
        wire.down += all.bytesWritten;
        wire.up += all.bytesRead;
      });
    });
    for (const each of [server, plain, proxy]) await listen(each);
  });
  after(() => {
    for (const each of [server, plain, proxy]) {
      each.closeAllConnections();
      each.close();
    }
    rmSync(folder, { recursive: true });
  });
  const proxyUrl = (user = ''): string => `http://${user}127.0.0.1:${portOf(proxy)}`;

  it('are tunnelled by name, with user and password, over one kept connection whose bytes all count', async () => {
    says = null;
    connected.length = 0;
    const client = clientThrough(proxyUrl('us%40er:p%3Ass@'));
    for (let i = 0; i < 2; i += 1) {
      const { body } = await client.request({ method: 'GET', url: node });
      assert.equal((await readBody(body, 1e6, 'answer')).length, 50_000);
    }
    assert.deepEqual(connected, [`CONNECT node.test:8441 ${basic('us@er:p:ss')}`]);
    const seen = client.transfer();
    client.close();
    assert.ok(seen.bytesDown > 100_000, `${seen.bytesDown} bytes`);
    while (wire.down === 0) await new Promise(setImmediate);
    assert.ok(wire.down - seen.bytesDown < 100, `${wire.down} and ${seen.bytesDown}`);
    assert.ok(wire.up - seen.bytesUp < 100, `${wire.up} and ${seen.bytesUp}`);
  });

  it('in the clear are asked of it whole', async () => {
    says = null;
    connected.length = 0;
    const client = clientThrough(proxyUrl('u:p@'));
    const { body } = await client.request({ method: 'GET', url: 'http://plain.test/x?y' });
    assert.equal(String(await readBody(body, 1000, 'answer')), 'plain.test');
    assert.deepEqual(connected, [`GET http://plain.test/x?y ${basic('u:p')}`]);
    client.close();
    says = '407';
    const fault = await faultThrough(proxyUrl('u:p@'), 5000, 'http://plain.test/');
    const message = `The proxy ${proxyUrl()} does not take the user u with the password that it was given (407).`;
    assert.deepEqual(fault, { code: 'E_PROXY', retry: 'elsewhere', message });
  });

  it('end with a fault that names the proxy, and what to do, where it is the proxy that is at fault', async () => {
    const named = `The proxy ${proxyUrl()} `;
    const page = '<html>Please sign in</html>';
    const faults: readonly (readonly [says: string, code: string, message: string | RegExp])[] = [
      ['HTTP/1.1 407 Who\r\n\r\n', 'E_PROXY', 'wants a user and a password (407).'],
      ['HTTP/1.1 403 No\r\n\r\n', 'E_PROXY', /refuses to connect to node\.test:8441 \(403\).*port 8441/],
      [
        'HTTP/1.1 502 Bad\r\n\r\n',
        'E_PARENT_UNREACHABLE',
        'does not reach node.test:8441 (it answered 502).',
      ],
      [`HTTP/1.1 200 OK\r\n\r\n${page}`, 'E_PROXY', /something of its own instead of node\.test:8441/],
      [`${page}\r\n\r\n`, 'E_PROXY', /does not answer as a proxy/],
    ];
    for (const [said, code, message] of faults) {
      says = said;
      const fault = (await faultThrough(proxyUrl())) as { code: string; retry: string; message: string };
      assert.deepEqual([fault.code, fault.retry], [code, 'elsewhere'], fault.message);
      assert.ok(fault.message.startsWith(named), fault.message);
      if (typeof message === 'string') assert.equal(fault.message, named + message);
      else assert.match(fault.message, message);
    }
    says = '';
    const hung = await faultThrough(proxyUrl(), 100);
    assert.match(JSON.stringify(hung), /E_PROXY.*it has not connected to node\.test:8441 within 0\.1 s/);
    const closed = net.createServer();
    await listen(closed);
    const port = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    for (const kind of ['http', 'socks5'])
      assert.match(
        JSON.stringify(await faultThrough(`${kind}://127.0.0.1:${port}`)),
        new RegExp(
          `E_PROXY.*The proxy ${kind}://127.0.0.1:${port} does not answer as a proxy: .*ECONNREFUSED`,
        ),
      );
  });

  it('end with a fault that names it where it answers in place of the node once it has connected', async () => {
    const page = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 Connected\r\n\r\n');
        socket.once('data', () => socket.end('HTTP/1.1 400 This is a page\r\n\r\n'));
      });
    });
    await listen(page);
    const fault = await faultThrough(`http://127.0.0.1:${portOf(page)}`);
    assert.match(JSON.stringify(fault), /E_PROXY.*does not hand on what node\.test:8441 sends/);
    page.close();
  });

  it('never go through one of SOCKS that says no, with a fault that says so and no password', async () => {
    const answers = { login: 1, reply: 0 };
    const socks = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(Buffer.from([5, 2]));
        socket.once('data', () => {
          socket.write(Buffer.from([1, answers.login]));
          socket.once('data', () => socket.write(Buffer.from([5, answers.reply, 0, 1, 0, 0, 0, 0, 0, 0])));
        });
      });
    });
    await listen(socks);
    const url = `socks5://u:secret@127.0.0.1:${portOf(socks)}`;
    assert.match(JSON.stringify(await faultThrough(url)), /E_PROXY.*does not take the user u/);
    answers.login = 0;
    answers.reply = 2;
    assert.match(JSON.stringify(await faultThrough(url)), /E_PROXY.*refuses to connect to node\.test:8441/);
    answers.reply = 4;
    const unreached = JSON.stringify(await faultThrough(url));
    assert.match(unreached, /E_PARENT_UNREACHABLE.*does not reach node\.test:8441 \(HostUnreachable\)/);
    assert.doesNotMatch(unreached, /secret/);
    socks.close();
  });
});
