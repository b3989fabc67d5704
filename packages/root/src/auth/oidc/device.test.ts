import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { postgres } from '@xylem/testkit';
import { apiClient } from '../../testing/api-client.ts';
import { madeIssuer } from '../../testing/made-issuer.ts';
import { oidcFixture } from '../../testing/oidc-fixture.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from '../../testing/root-fixture.ts';
import { ScriptedBrowser } from '../../testing/scripted-browser.ts';
import { shiftedClock } from '../../testing/shifted-clock.ts';

const nobody = (root: RootFixture) => apiClient(() => root.running().apiUrl, 'none');
const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

test('a command line signs in once somebody approved it, also over a restart, and not if it was denied', async (t) => {
  const clock = shiftedClock(0);
  const { root, issuer } = await oidcFixture(t, { clock });
  const api = nobody(root);
  const browser = new ScriptedBrowser();
  const begun = await api('deviceBegin', { body: { device: 'build-7' } });
  assert.equal(begun.intervalSeconds, 5);
  const poll = (handle: string) => {
    clock.pass(5001);
    return api('devicePoll', { body: { handle } });
  };
  assert.deepEqual(await poll(begun.handle), { intervalSeconds: 5, session: null });
  await root.restart();
  const confirm = await browser.submit(await browser.open(begun.verificationUriComplete ?? ''), {});
  assert.match(confirm.text, new RegExp(begun.userCode));
  const asked = await browser.submit(await browser.submit(confirm, {}), { login: 'anna', password: 'any' });
  assert.deepEqual(await poll(begun.handle), { intervalSeconds: 5, session: null });
  await browser.submit(asked, {});
  const { session } = await poll(begun.handle);
  assert.equal(session?.name, 'oidc/Anna');
  const who = await apiClient(() => root.running().apiUrl, session?.token ?? '')('whoami');
  assert.deepEqual([who.kind, who.grants], ['oidc', [{ role: 'operator', scope: 'acme' }]]);
  const twelveHours = Date.parse(session?.expires ?? '') - clock.now();
  assert.ok(Math.abs(twelveHours - 12 * 3600_000) < 60_000);
  const over = { status: 401, code: 'E_OIDC', message: /not known, or is over/ };
  await assert.rejects(poll(begun.handle), over);
  const { sessions } = await root.api('sessionList');
  assert.ok(sessions.some(({ device, kind }) => device === 'build-7' && kind === 'cli'));

  const denied = await api('deviceBegin', { body: {} });
  const shown = await browser.submit(await browser.open(denied.verificationUriComplete ?? ''), {});
  await browser.submit(shown, { abort: 'yes' });
  await assert.rejects(poll(denied.handle), { status: 401, message: /denied at the issuer/ });
  await assert.rejects(poll(denied.handle), over);

  issuer.setPerson('anna', { groups: ['strangers'], preferred_username: 'Anna' });
  const third = await api('deviceBegin', { body: {} });
  const again = await browser.submit(await browser.open(third.verificationUriComplete ?? ''), {});
  await browser.submit(await browser.submit(again, {}), {});
  await assert.rejects(poll(third.handle), { status: 401, message: /in strangers; none of that/ });
  await assert.rejects(poll(third.handle), over);
});

async function scripted(t: TestContext, options: Pick<RootFixtureOptions, 'database'> = {}) {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock, ...options });
  const issuer = await madeIssuer(t, systemClock.now);
  issuer.on('/device', (response) =>
    json(response, {
      device_code: 'only the root server knows this',
      user_code: 'ABCD-EFGH',
      verification_uri: 'https://login.example/device',
      interval: 7,
      expires_in: 900,
    }),
  );
  const answers: { value: object; status: number } = { value: {}, status: 200 };
  const counts = { asked: 0 };
  issuer.on('/token', (response) => {
    counts.asked += 1;
    json(response, answers.value, answers.status);
  });
  await root.api('oidcSet', { body: { issuer: issuer.url, clientId: 'xylem' } });
  await root.api('groupGrants', { body: { group: 'ops', add: [{ role: 'viewer', scope: '*' }] } });
  const approve = async () => {
    const claims = { aud: 'xylem', sub: 'ben', groups: 'ops', preferred_username: 'Ben' };
    answers.status = 200;
    answers.value = { access_token: 'x', token_type: 'Bearer', id_token: await issuer.token(claims) };
  };
  const say = (error: string) => {
    answers.status = 400;
    answers.value = { error };
  };
  return { root, clock, issuer, counts, approve, say, api: nobody(root) };
}

test('the issuer is asked as seldom as it wants, and the device code never leaves the root server', async (t) => {
  const { clock, counts, approve, say, api } = await scripted(t);
  const begun = await api('deviceBegin', { body: {} });
  assert.ok(!JSON.stringify(begun).includes('only the root server'));
  assert.deepEqual([begun.userCode, begun.verificationUri], ['ABCD-EFGH', 'https://login.example/device']);
  const poll = () => api('devicePoll', { body: { handle: begun.handle } });
  say('authorization_pending');
  for (let count = 0; count < 5; count += 1) assert.equal((await poll()).intervalSeconds, 7);
  assert.equal(counts.asked, 0, 'not before the first interval');
  clock.pass(7001);
  await Promise.all([poll(), poll(), poll(), poll()]);
  assert.equal(counts.asked, 1, 'of several at once, one asks');
  say('slow_down');
  clock.pass(7001);
  assert.equal((await poll()).intervalSeconds, 12);
  clock.pass(7001);
  await poll();
  assert.equal(counts.asked, 2);
  await approve();
  clock.pass(5001);
  assert.equal((await poll()).session?.name, 'oidc/Ben');
});

test('a code runs out by the issuer or by the clock; an issuer that is silent for a while ends nothing', async (t) => {
  const { root, clock, issuer, say, api } = await scripted(t);
  const begin = async () => {
    const { handle } = await api('deviceBegin', { body: {} });
    return () => {
      clock.pass(60_000);
      return api('devicePoll', { body: { handle } });
    };
  };
  const first = await begin();
  say('expired_token');
  await assert.rejects(first(), { code: 'E_OIDC', message: /in time/ });
  const second = await begin();
  say('authorization_pending');
  clock.pass(900_000);
  await assert.rejects(second(), { code: 'E_OIDC', message: /in time/ });
  const third = await begin();
  issuer.on('/token', (response) => response.destroy());
  await assert.rejects(third(), { status: 503, code: 'E_ISSUER' });
  const idToken = await issuer.token({ aud: 'xylem', sub: 'ben', groups: 'ops' });
  issuer.on('/token', (response) =>
    json(response, { access_token: 'x', token_type: 'Bearer', id_token: idToken }),
  );
  assert.equal((await third()).session?.name, 'oidc/ben');
  clock.pass(3600_001);
  const fourth = await begin();
  await root.api('oidcSet', { body: { issuer: issuer.url, clientId: 'other' } });
  await assert.rejects(fourth(), { code: 'E_OIDC', message: /not known, or is over/ });
  const without = { ...issuer.description, device_authorization_endpoint: undefined };
  issuer.on('/.well-known/openid-configuration', (response) => json(response, without));
  await root.api('oidcSet', { body: { issuer: issuer.url, clientId: 'xylem' } });
  await assert.rejects(api('deviceBegin', { body: {} }), { message: /no sign-in for command lines/ });
});

test('who begins again and again waits, and so does who asks for what is not there', async (t) => {
  const { root, clock, api } = await scripted(t);
  for (let count = 0; count < 5; count += 1) await api('deviceBegin', { body: {} });
  const throttled = { status: 429, code: 'E_THROTTLED' };
  await assert.rejects(api('deviceBegin', { body: {} }), throttled);
  await root.api('personCreate', { body: { name: 'anna', password: 'correct horse battery' } });
  await root.api('signIn', { body: { name: 'anna', password: 'correct horse battery' } });
  clock.pass(3600_001);
  const guess = () => api('devicePoll', { body: { handle: 'x'.repeat(43) } });
  for (let count = 0; count < 5; count += 1) await assert.rejects(guess(), { status: 401 });
  await assert.rejects(guess(), throttled);
  await assert.rejects(api('devicePoll', { body: { handle: 'short' } }), { status: 400 });
});

test('PostgreSQL, which runs them at once, gives one session for one approval', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const database = { kind: 'postgres' as const, url: await server.createDatabase('root') };
  const { root, clock, counts, approve, api } = await scripted(t, { database });
  const { handle } = await api('deviceBegin', { body: {} });
  await approve();
  clock.pass(7001);
  const polled = await Promise.allSettled(
    Array.from({ length: 8 }, () => api('devicePoll', { body: { handle } })),
  );
  const given = polled.flatMap((one) => (one.status === 'fulfilled' ? (one.value.session ?? []) : []));
  assert.deepEqual([given.length, counts.asked], [1, 1]);
  await root.api('oidcRemove');
  const session = apiClient(() => root.running().apiUrl, given[0]?.token ?? '');
  await assert.rejects(session('whoami'), { status: 401 });
});
