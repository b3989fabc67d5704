import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { postgres } from '@xylem/testkit';
import { apiClient } from '../../testing/api-client.ts';
import { type MadeIssuer, madeIssuer } from '../../testing/made-issuer.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from '../../testing/root-fixture.ts';
import type { ShiftedClock } from '../../testing/shifted-clock.ts';

const grants = [{ role: 'publisher' as const, scope: 'product:shop' }];
const match = { repository: 'acme/shop', ref: 'refs/heads/main' };

interface Made {
  readonly root: RootFixture;
  readonly clock: ShiftedClock;
  readonly issuer: MadeIssuer;
  readonly rule: string;
}

async function trusting(t: TestContext, options: Pick<RootFixtureOptions, 'database'> = {}): Promise<Made> {
  let nowMs = systemClock.now();
  let monotonicMs = 1e6;
  const clock: ShiftedClock = {
    ...systemClock,
    now: () => nowMs,
    monotonicMs: () => monotonicMs,
    pass: (ms) => {
      nowMs += ms;
      monotonicMs += ms;
    },
  };
  const root = await rootFixture(t, { clock, ...options });
  const issuer = await madeIssuer(t, clock.now);
  const { id } = await root.api('ciTrust', {
    body: { issuer: issuer.url, audience: 'xylem', match, grants },
  });
  return { root, clock, issuer, rule: id };
}

const exchange = (root: RootFixture, token: string) =>
  apiClient(() => root.running().apiUrl, 'none')('loginExchange', { body: { token } });
const as = (root: RootFixture, token: string) => apiClient(() => root.running().apiUrl, token);
const isRefused = (message: RegExp) => ({ status: 401, code: 'E_CI_TOKEN', message });

test('a job gets what its rule grants, for 15 minutes, and the audit log says who it was', async (t) => {
  const { root, clock, issuer, rule } = await trusting(t);
  const given = await exchange(root, await issuer.token({ aud: ['other', 'xylem'] }));
  const job = as(root, given.token);
  const who = await job('whoami');
  assert.deepEqual([who.kind, who.name, who.grants], ['api-token', 'ci repo:acme/shop', grants]);
  await assert.rejects(job('ciList'), { status: 403 });
  const { entries } = await root.api('auditList', { query: { what: 'ci.exchange' } });
  const entry = entries[0]?.entry as { who: string; from: string; after: Record<string, unknown> };
  assert.equal(entry.who, `ci-rule/${rule} (ci repo:acme/shop)`);
  assert.equal(entry.from, '127.0.0.1');
  assert.deepEqual(entry.after['claims'], match);
  assert.ok(!JSON.stringify(entries).includes(given.token.slice(-43)));
  clock.pass(15 * 60_000);
  await assert.rejects(job('whoami'), { status: 401 });
  await exchange(root, await issuer.token());
  const { tokens } = await root.api('apiTokenList');
  assert.equal(
    tokens.filter(({ name }) => name.startsWith('ci ')).length,
    1,
    'the expired one is cleared away',
  );
});

test('a token is taken once, also by a root server that started anew and of two at once', async (t) => {
  const { root, issuer } = await trusting(t);
  const token = await issuer.token();
  const answers = await Promise.allSettled([1, 2, 3, 4].map(() => exchange(root, token)));
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  await root.restart();
  await assert.rejects(exchange(root, token), isRefused(/exchanged before/));
  await exchange(root, await issuer.token());
});

test('PostgreSQL, which runs them at once, takes a token once too', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const database = { kind: 'postgres' as const, url: await server.createDatabase('root') };
  const { root, issuer, rule } = await trusting(t, { database });
  const token = await issuer.token();
  const answers = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7, 8].map(() => exchange(root, token)));
  const given = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.token] : []));
  assert.equal(given.length, 1);
  await root.api('ciDistrust', { params: { id: rule } });
  await assert.rejects(as(root, given[0] ?? '')('whoami'), { status: 401 });
});

test('what is not exactly a fresh token of the issuer for this rule is refused, each with its reason', async (t) => {
  const { root, clock, issuer } = await trusting(t);
  const stranger = await madeIssuer(t, clock.now);
  const seconds = (): number => Math.floor(clock.now() / 1000);
  await issuer.newKey('secret', false);
  const good = await issuer.token();
  const [head = '', payload = '', signature = ''] = good.split('.');
  const b64u = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const shared = `${b64u({ alg: 'HS256', kid: 'first' })}.${payload}`;
  const mac = createHmac('sha256', issuer.publicPem('first')).update(shared).digest('base64url');
  const body = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const cases: readonly (readonly [string, () => string | Promise<string>, RegExp])[] = [
    ['another issuer', () => stranger.token(), /No rule .* trusts the issuer/],
    ["another issuer in this one's name", () => stranger.token({ iss: issuer.url }), /signature is not/],
    ['another audience', () => issuer.token({ aud: 'sigstore' }), /no rule takes it/],
    ['no audience', () => issuer.token({ aud: undefined }), /no claim aud/],
    ['expired', () => issuer.token({ exp: seconds() - 120 }), /has expired/],
    ['without an end', () => issuer.token({ exp: undefined }), /no claim exp/],
    [
      'older than 15 minutes',
      () => issuer.token({ iat: seconds() - 1000, exp: seconds() + 9e4 }),
      /older than 15/,
    ],
    ['of the future', () => issuer.token({ iat: seconds() + 600, exp: seconds() + 900 }), /claim iat/],
    ['not yet valid', () => issuer.token({ nbf: seconds() + 600 }), /claim nbf/],
    ['without an id', () => issuer.token({ jti: undefined }), /no claim jti/],
    ['another repository', () => issuer.token({ repository: 'eve/shop' }), /no rule takes it/],
    ['a list as a claim', () => issuer.token({ repository: ['acme/shop'] }), /no rule takes it/],
    ['a claim missing', () => issuer.token({ ref: undefined }), /no rule takes it/],
    ['a key that is not published', () => issuer.token({}, 'secret'), /none of the keys/],
    ['no algorithm', () => `${b64u({ alg: 'none' })}.${payload}.`, /algorithm|can be verified/],
    ['HS256 with the public key', () => `${shared}.${mac}`, /algorithm/],
    [
      'an altered claim',
      () => `${head}.${b64u({ ...body, ref: 'refs/heads/x' })}.${signature}`,
      /signature is not/,
    ],
    ['no token at all', () => 'a.b.c', /no token of a CI system/],
    ['nothing but dots', () => '..', /no token of a CI system/],
  ];
  for (const [what, token, message] of cases) {
    await assert.rejects(exchange(root, await token()), isRefused(message), what);
    // Each failure makes the next wait.
    clock.pass(3600_001);
  }
  assert.equal(stranger.asked(), 0, 'nothing is asked of an issuer that no rule names');
  await assert.rejects(exchange(root, 'x'.repeat(13_000)), { status: 400, code: 'E_INPUT' });
  await assert.rejects(exchange(root, 'x'.repeat(1e6)), { status: 413, code: 'E_TOO_LARGE' });
  await exchange(root, await issuer.token());
});

test('failed exchanges make the next from the same address wait, and no person', async (t) => {
  const { root, clock, issuer } = await trusting(t);
  await root.api('personCreate', { body: { name: 'anna', password: 'correct horse battery' } });
  const wrong = async () => exchange(root, await issuer.token({ ref: 'refs/heads/other' }));
  for (let count = 0; count < 5; count += 1) await assert.rejects(wrong(), { status: 401 });
  const waits = { status: 429, code: 'E_THROTTLED' };
  await assert.rejects(exchange(root, await issuer.token()), waits);
  await root.api('signIn', { body: { name: 'anna', password: 'correct horse battery' } });
  clock.pass(1001);
  for (let count = 0; count < 10; count += 1) await exchange(root, await issuer.token());
});

test('keys are asked for seldom, renewed when the issuer has new ones, and not had from one that is down or endless', async (t) => {
  const { root, clock, issuer } = await trusting(t);
  await exchange(root, await issuer.token());
  await exchange(root, await issuer.token());
  assert.equal(issuer.asked(), 1);
  await issuer.newKey('second', true);
  const early = await issuer.token({}, 'second');
  await assert.rejects(exchange(root, early), isRefused(/none of the keys/));
  assert.equal(issuer.asked(), 1, 'an unknown key makes nobody ask at once');
  clock.pass(31_000);
  await exchange(root, early);
  assert.equal(issuer.asked(), 2);

  const unusable = { status: 503, code: 'E_ISSUER' };
  const answers: readonly ((response: import('node:http').ServerResponse) => void)[] = [
    (response) => void response.end(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`),
    (response) => void response.end('{"keys":"none"}'),
    (response) => void response.end('no JSON'),
    (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    (response) => void response.writeHead(500).end(),
    (response) => void response.destroy(),
  ];
  for (const answer of answers) {
    clock.pass(11 * 60_000);
    issuer.answerKeys(answer);
    await assert.rejects(exchange(root, await issuer.token()), unusable);
    const before = issuer.asked();
    await assert.rejects(exchange(root, await issuer.token()), unusable);
    assert.equal(issuer.asked(), before, 'a failure is kept for a while');
  }
  issuer.answerKeys(null);
  clock.pass(31_000);
  await exchange(root, await issuer.token());
  await issuer.close();
  clock.pass(11 * 60_000);
  await assert.rejects(exchange(root, await issuer.token()), unusable);
});

test('a rule that goes takes what it gave along; rules add up; an issuer is https, and a rule names claims', async (t) => {
  const { root, issuer, rule } = await trusting(t);
  const viewer = [{ role: 'viewer' as const, scope: 'acme' }];
  const body = { issuer: issuer.url, audience: 'xylem', match: { repository: 'acme/shop' }, grants: viewer };
  const second = await root.api('ciTrust', { body });
  const job = as(root, (await exchange(root, await issuer.token())).token);
  assert.deepEqual((await job('whoami')).grants, [...viewer, ...grants]);
  await root.api('ciDistrust', { params: { id: rule } });
  await assert.rejects(job('whoami'), { status: 401 });
  const { rules } = await root.api('ciList');
  assert.deepEqual(
    rules.map(({ id }) => id),
    [second.id],
  );
  await assert.rejects(root.api('ciDistrust', { params: { id: rule } }), { status: 404 });
  const refusals = [
    { ...body, issuer: 'http://ci.example' },
    { ...body, issuer: 'https://user:word@ci.example' },
    { ...body, match: {} },
    { ...body, grants: [{ role: 'operator' as const, scope: 'product:shop' }] },
  ];
  for (const refused of refusals) {
    await assert.rejects(root.api('ciTrust', { body: refused }), { status: 400, code: 'E_INPUT' });
  }
});
