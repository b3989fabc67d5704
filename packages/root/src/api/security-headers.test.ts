import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootFixture } from '../testing/root-fixture.ts';
import { apiPrefix, contract, type RouteContract } from './contract.ts';

test('every response carries what a browser obeys, refusals and faults too', async (t) => {
  const root = await rootFixture(t);
  const url = root.running().apiUrl;
  const authorization = `Bearer ${root.token}`;
  const asked: [string, string, RequestInit][] = [
    ['page', '/', {}],
    ['page', '/login', { method: 'POST', body: new URLSearchParams({ token: 'x' }) }],
    ['page', '/login/oidc', {}],
    ['page', '/login/oidc/callback?code=x&state=y', {}],
    ['page', '/status/fragment', {}],
    ['page', '/status/style.css', {}],
    ['page', '/status/script.js', {}],
    ['page', '/nowhere', {}],
    ['page', `${apiPrefix}/nowhere`, {}],
    ['page', '/%', {}],
  ];
  for (const [operation, route] of Object.entries<RouteContract>(contract)) {
    const path = `${apiPrefix}${route.path.replace(/:(\w+)/g, 'x')}`;
    const { method } = route;
    asked.push([operation, path, { method }], [operation, path, { method, headers: { authorization } }]);
    const broken = { authorization, 'content-type': 'application/json' };
    if (method !== 'GET') asked.push([operation, path, { method, headers: broken, body: '{' }]);
  }
  for (const [operation, path, init] of asked) {
    const { headers } = await fetch(`${url}${path}`, { ...init, redirect: 'manual' });
    const said = `${init.method ?? 'GET'} ${path} (${operation})`;
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none';/, said);
    assert.match(policy, /frame-ancestors 'none'/, said);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/, said);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', said);
    assert.equal(headers.get('referrer-policy'), 'no-referrer', said);
    assert.equal(headers.get('cache-control'), 'no-store', said);
    // Plain HTTP on loopback: a browser must not be told to use TLS there.
    assert.equal(headers.get('strict-transport-security'), null, said);
  }
});
