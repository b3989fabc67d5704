import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootFixture } from '../testing/root-fixture.ts';

const password = 'correct horse battery';

test('a person signs in on the page, sees what they may, and signs out', async (t) => {
  const root = await rootFixture(t);
  const url = root.running().apiUrl;
  for (const name of ['acme/production', 'globex/production'])
    await root.api('environmentCreate', { body: { name } });
  const grants = [{ role: 'viewer' as const, scope: 'acme' }];
  await root.api('personCreate', { body: { name: 'anna', password, grants } });
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: url, ...headers },
      body: new URLSearchParams(form),
    });
  const get = async (cookie: string) => await fetch(`${url}/`, { headers: { cookie } });

  assert.equal((await post('/login', { name: 'anna', password: 'wrong' })).status, 403);
  // A form that another site shows, and one that does not say where it comes from.
  const right = { name: 'anna', password };
  assert.equal((await post('/login', right, { origin: 'https://evil.example' })).status, 403);
  const silent = { method: 'POST', redirect: 'manual', body: new URLSearchParams(right) } as const;
  assert.equal((await fetch(`${url}/login`, silent)).status, 403);

  const cookieFrom = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';
  const first = cookieFrom(await post('/login', right));
  const again = await post('/login', right, { cookie: first });
  assert.match(again.headers.get('set-cookie') ?? '', /; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/);
  const cookie = cookieFrom(again);
  assert.notEqual(cookie, first);
  assert.equal((await get(first)).status, 401, 'the session before ended');
  const text = await (await get(cookie)).text();
  assert.match(text, /acme\/production/);
  assert.doesNotMatch(text, /globex/);
  // The API takes no cookie.
  assert.equal((await fetch(`${url}/api/v1/whoami`, { headers: { cookie } })).status, 401);
  const asBearer = { authorization: `Bearer ${cookie.split('=')[1]}` };
  assert.equal((await fetch(`${url}/api/v1/whoami`, { headers: asBearer })).status, 401);

  const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
  assert.equal((await post('/logout', {}, { cookie })).status, 403);
  assert.equal((await post('/logout', { csrf: `${csrf}x` }, { cookie })).status, 403);
  assert.equal((await post('/logout', { csrf }, { cookie, origin: 'https://evil.example' })).status, 403);
  assert.equal((await get(cookie)).status, 200);
  const out = await post('/logout', { csrf }, { cookie });
  assert.match(out.headers.get('set-cookie') ?? '', /Max-Age=0/);
  assert.equal((await get(cookie)).status, 401);
});

test('a link of another site signs nobody in', async (t) => {
  const root = await rootFixture(t);
  const response = await fetch(`${root.running().apiUrl}/?token=${root.token}`, {
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'cross-site' },
  });
  assert.equal(response.status, 401);
  assert.equal(response.headers.get('set-cookie'), null);
});
