import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { removeLater } from '@xylem/testkit';
import { fetchJson, isAllowedUrl } from './outgoing.ts';

test('an address is https, or http on this machine', () => {
  for (const url of ['https://a.example/x', 'http://localhost:1', 'http://127.0.0.9/', 'http://[::1]:1/'])
    assert.ok(isAllowedUrl(url), url);
  for (const url of [
    'http://a.example/',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'file:///etc/passwd',
    'https://user@a.example/',
    'https://:word@a.example/',
    'https://a.example/#x',
    'ftp://a.example',
    '',
  ])
    assert.ok(!isAllowedUrl(url), url);
});

test('who never answers, or never ends, is left at the deadline', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/endless') response.write('{"a":');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(t, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const path of ['/silent', '/endless'])
    await assert.rejects(fetchJson(`${url}${path}`, 200), { code: 'E_ISSUER', retry: 'later' });
});
