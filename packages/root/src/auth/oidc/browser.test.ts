import assert from 'node:assert/strict';
import { get } from 'node:https';
import { test } from 'node:test';
import { postgres } from '@xylem/testkit';
import { oidcFixture } from '../../testing/oidc-fixture.ts';
import { ScriptedBrowser } from '../../testing/scripted-browser.ts';
import { shiftedClock } from '../../testing/shifted-clock.ts';

test('a person signs in at the issuer, may what their groups may, and the log says who it was', async (t) => {
  const { root, issuer, url, begin } = await oidcFixture(t);
  for (const name of ['acme/production', 'globex/production'])
    await root.api('environmentCreate', { body: { name } });
  await root.api('personCreate', { body: { name: 'anna', password: 'correct horse battery' } });
  const browser = new ScriptedBrowser();
  const page = await browser.open(`${url()}/`);
  assert.match(
    page.text,
    new RegExp(`<a class="button" href="/login/oidc">Sign in with ${new URL(issuer.url).host}<`),
  );

  const back = await begin(browser, 'anna');
  const begun = browser.cookies.get(url())?.get('xylem_sign_in') ?? '';
  const { searchParams } = new URL(back);
  for (const secret of [searchParams.get('state') ?? '', searchParams.get('code') ?? ''])
    assert.ok(secret.length > 20 && !begun.includes(secret));
  const entered = await browser.open(back);
  assert.equal(entered.status, 200, 'not a redirect, on which a browser would withhold the session');
  const cookies = entered.headers.getSetCookie();
  assert.match(cookies[0] ?? '', /^xylem_sign_in=; HttpOnly; SameSite=Lax; Path=\/; Max-Age=0$/);
  assert.match(
    cookies[1] ?? '',
    /^xylem_session=xys1\..*; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/,
  );
  const status = await browser.goOn(entered);
  assert.match(status.text, /acme\/production/);
  assert.doesNotMatch(status.text, /globex/);
  assert.match(status.text, /<small>oidc\/Anna<\/small>/);

  const { sessions } = await root.api('sessionList');
  const session = sessions.find(({ subject }) => subject.startsWith('oidc/'));
  assert.match(session?.subject ?? '', /^oidc\/[0-9a-f]{12}\/anna \(Anna\)$/);
  const { entries } = await root.api('auditList', { query: { what: 'session.open' } });
  const entry = entries[0]?.entry as { who: string; from: string; after: { grants: object[] } };
  assert.equal(entry.who, session?.subject);
  assert.equal(entry.from, '127.0.0.1');
  assert.deepEqual(entry.after.grants, [{ role: 'operator', scope: 'acme' }]);
  assert.ok(!JSON.stringify(await root.api('auditList')).includes(issuer.clientSecret));

  await root.api('sessionRevoke', { params: { id: session?.id ?? '' } });
  assert.equal((await browser.open(`${url()}/`)).status, 401);
});

test('what a group may is looked up at each use, and who is in it at each sign-in', async (t) => {
  const { root, issuer, url, signIn } = await oidcFixture(t);
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const browser = new ScriptedBrowser();
  const sees = async () => (await browser.open(`${url()}/status/fragment`)).text.includes('acme/production');
  assert.equal((await signIn(browser, 'anna')).status, 200);
  assert.ok(await sees());
  const grant = { role: 'operator' as const, scope: 'acme' };
  await root.api('groupGrants', { body: { group: 'operators', remove: [grant] } });
  assert.ok(!(await sees()), 'an open session loses it at once');
  await root.api('groupGrants', { body: { group: 'everyone', add: [{ role: 'viewer', scope: 'acme' }] } });
  assert.ok(await sees(), 'and gains at once what another of their groups gets');
  await root.api('groupGrants', { body: { group: 'everyone', remove: [{ role: 'viewer', scope: 'acme' }] } });
  await root.api('groupGrants', { body: { group: 'operators', add: [grant] } });

  issuer.setPerson('anna', { groups: ['everyone'], preferred_username: '<b>Anna</b>' });
  const refused = await signIn(browser, 'anna');
  assert.equal(refused.status, 403);
  assert.match(
    refused.text,
    /knows you as &lt;b&gt;Anna&lt;\/b&gt;, in everyone; none of that may do anything/,
  );
  issuer.setPerson('anna', { groups: [], preferred_username: 'Anna' });
  assert.match((await signIn(browser, 'anna')).text, /in no group at all/);
  issuer.setPerson('anna', { preferred_username: 'Anna' });
  assert.match((await signIn(browser, 'anna')).text, /no claim groups/);
});

test('a root server that starts anew, or other settings, between going and coming back', async (t) => {
  const { root, issuer, url, begin } = await oidcFixture(t);
  const browser = new ScriptedBrowser();
  const back = await begin(browser, 'anna');
  const port = new URL(url()).port;
  await root.restart(Number(port));
  assert.equal((await browser.open(back)).status, 200);

  const { clientId, clientSecret } = issuer;
  const late = await begin(browser, 'anna');
  const set = { issuer: issuer.url, clientId, clientSecret, publicUrl: url() };
  await root.api('oidcSet', { body: set });
  assert.equal(
    (await browser.open(`${url()}/`)).status,
    401,
    'every session by the settings before has ended',
  );
  const refused = await browser.open(late);
  assert.equal(refused.status, 403);
  assert.match(refused.text, /how people sign in was changed/);
  assert.equal((await browser.open(await begin(browser, 'anna'))).status, 200);
  await root.api('oidcRemove');
  assert.equal((await browser.open(`${url()}/`)).status, 401);
  assert.equal((await browser.open(`${url()}/login/oidc`)).status, 403);
  assert.doesNotMatch((await browser.open(`${url()}/`)).text, /Sign in with/);
});

test('coming back without the cookie, with another state, from another issuer, late or twice', async (t) => {
  const clock = shiftedClock(0);
  const { url, begin } = await oidcFixture(t, { clock });
  const browser = new ScriptedBrowser();
  const cookie = (of: ScriptedBrowser): string => of.cookies.get(url())?.get('xylem_sign_in') ?? '';
  const keep = (text: string): void => void browser.cookies.get(url())?.set('xylem_sign_in', text);
  const refused = async (by: ScriptedBrowser, address: string, why: RegExp): Promise<void> => {
    const page = await by.open(address);
    assert.equal(page.status, 403, page.text);
    assert.match(page.text, why);
    assert.ok(!by.cookies.get(url())?.has('xylem_session'));
    // Each failure makes the next wait.
    clock.pass(3600_001);
  };
  // What somebody began and sends to another's browser: it would sign that in as them.
  const theirs = await begin(new ScriptedBrowser(), 'anna');
  await refused(new ScriptedBrowser(), theirs, /did not begin this sign-in/);
  await begin(browser, 'anna');
  await refused(browser, theirs, /did not begin this sign-in/);

  const changed = async (change: (address: URL) => void, why: RegExp): Promise<void> => {
    const address = new URL(await begin(browser, 'anna'));
    change(address);
    await refused(browser, address.href, why);
  };
  await changed((back) => back.searchParams.delete('state'), /did not begin/);
  await changed((back) => back.searchParams.set('state', 'x'.repeat(43)), /did not begin/);
  await changed(
    (back) => back.searchParams.append('state', back.searchParams.get('state') ?? ''),
    /did not begin/,
  );
  await changed((back) => back.searchParams.set('iss', 'https://other.example'), /not one that it gave/);
  await changed((back) => back.searchParams.delete('iss'), /not one that it gave/);
  await changed((back) => back.searchParams.set('code', 'x'), /refused the sign-in: invalid_grant/);
  await changed((back) => {
    back.searchParams.delete('code');
    back.searchParams.set('error', 'access_denied');
  }, /denied at the issuer/);
  const altered = await begin(browser, 'anna');
  const [random = '', until = '', mac = ''] = cookie(browser).split('.');
  keep(`${random}.${Number(until) + 1}.${mac}`);
  await refused(browser, altered, /did not begin/);

  const late = await begin(browser, 'anna');
  clock.pass(10 * 60_000 + 1);
  await refused(browser, late, /longer than 10 minutes/);

  const back = await begin(browser, 'anna');
  const kept = cookie(browser);
  const both = new ScriptedBrowser();
  both.cookies.set(url(), new Map([['xylem_sign_in', kept]]));
  assert.equal((await both.open(back)).status, 200);
  await refused(browser, back, /completed before/);
});

test('failures count for the address, and a fault of the issuer for nobody', async (t) => {
  const { root, issuer, url, begin } = await oidcFixture(t);
  const browsers = Array.from({ length: 6 }, () => new ScriptedBrowser());
  const backs: string[] = [];
  for (const browser of browsers) backs.push(await begin(browser, 'anna'));
  await issuer.close();
  for (const [index, browser] of browsers.entries()) {
    const page = await browser.open(backs[index] ?? '');
    assert.equal(page.status, 503);
    assert.match(page.text, /does not answer/);
  }
  const wrong = () => new ScriptedBrowser().open(`${url()}/login/oidc/callback?state=x&code=y`);
  for (let count = 0; count < 5; count += 1) assert.equal((await wrong()).status, 403);
  const waits = await wrong();
  assert.equal(waits.status, 429);
  assert.match(waits.text, /Try again in/);
  const byPassword = root.api('signIn', { body: { name: 'anna', password: 'a wrong password' } });
  await assert.rejects(byPassword, { status: 429 });
});

test('the way there begins only here, only at the public address, and goes nowhere else', async (t) => {
  const { url } = await oidcFixture(t);
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${url()}${path}`, { redirect: 'manual', headers });
  const crossSite = await ask('/login/oidc', { 'sec-fetch-site': 'cross-site' });
  assert.deepEqual([crossSite.status, crossSite.headers.get('set-cookie')], [403, null]);
  const elsewhere = url().replace('127.0.0.1', 'localhost');
  const response = await fetch(`${elsewhere}/login/oidc`, { redirect: 'manual' });
  assert.deepEqual([response.status, response.headers.get('location')], [303, `${url()}/`]);
  const given = await ask('/login/oidc?next=https://evil.example&redirect_uri=https://evil.example');
  const there = new URL(given.headers.get('location') ?? '');
  assert.equal(there.searchParams.get('redirect_uri'), `${url()}/login/oidc/callback`);
  assert.equal(there.searchParams.get('code_challenge_method'), 'S256');
  assert.ok((there.searchParams.get('nonce') ?? '').length === 43);
  assert.match(given.headers.get('set-cookie') ?? '', /; HttpOnly; SameSite=Lax; Path=\/; Max-Age=600$/);
  assert.doesNotMatch(there.href, /evil/);
});

test('PostgreSQL, which runs them at once, lets in one of several that come back with the same', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const database = { kind: 'postgres' as const, url: await server.createDatabase('root') };
  const { root, url, begin } = await oidcFixture(t, { database });
  const browser = new ScriptedBrowser();
  const back = await begin(browser, 'anna');
  const headers = { cookie: `xylem_sign_in=${browser.cookies.get(url())?.get('xylem_sign_in') ?? ''}` };
  const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(back, { headers, redirect: 'manual' })));
  const statuses = answers.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
  const { sessions } = await root.api('sessionList');
  assert.equal(sessions.filter(({ subject }) => subject.startsWith('oidc/')).length, 1);
});

test('by TLS the cookie is for this host and for TLS alone, and without another word browsers come as nodes do', async (t) => {
  const { root, issuer } = await oidcFixture(t);
  const { nodesUrl } = root.running();
  await root.api('oidcSet', { body: { issuer: issuer.url, clientId: issuer.clientId } });
  const { headers, statusCode } = await new Promise<import('node:http').IncomingMessage>((resolve, reject) =>
    get(`${nodesUrl}/login/oidc`, { rejectUnauthorized: false }, resolve).on('error', reject),
  );
  assert.equal(statusCode, 303);
  const there = new URL(headers.location ?? '');
  assert.equal(there.searchParams.get('redirect_uri'), `${nodesUrl}/login/oidc/callback`);
  const [cookie = ''] = headers['set-cookie'] ?? [];
  assert.match(cookie, /^__Host-xylem_sign_in=\S+; HttpOnly; SameSite=Lax; Path=\/; Max-Age=600; Secure$/);
  assert.equal(headers['strict-transport-security'], 'max-age=31536000');
});

test('groups from the user information alone; a client secret that is wrong, or renewed', async (t) => {
  const { root, issuer, url, begin, signIn } = await oidcFixture(t, { onlyUserInfo: true });
  const browser = new ScriptedBrowser();
  assert.match((await signIn(browser, 'anna')).text, /oidc\/Anna/);
  const body = { issuer: issuer.url, clientId: issuer.clientId, publicUrl: url() };
  const attempt = async (more: { clientSecret?: string }) => {
    await root.api('oidcSet', { body: { ...body, ...more } });
    return await browser.open(await begin(browser, 'anna'));
  };
  for (const more of [{ clientSecret: 'not the one' }, {}]) {
    const page = await attempt(more);
    assert.equal(page.status, 403);
    assert.match(page.text, /does not take the client id or the client secret/);
  }
  assert.equal((await attempt({ clientSecret: issuer.clientSecret })).status, 200);
});
