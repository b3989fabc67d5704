import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { type MadeIssuer, madeIssuer } from '../../testing/made-issuer.ts';
import { type RootFixture, rootFixture } from '../../testing/root-fixture.ts';
import { type ShiftedClock, shiftedClock } from '../../testing/shifted-clock.ts';

const clientSecret = 'a secret of some length, for both';
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

interface Made {
  readonly root: RootFixture;
  readonly clock: ShiftedClock;
  readonly issuer: MadeIssuer;
  /** Begins in a browser of its own and comes back, while the token address answers so. */
  attempt(answer: (nonce: string) => Answer | Promise<Answer>): Promise<{ status: number; text: string }>;
}

async function hostile(t: TestContext): Promise<Made> {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock });
  const issuer = await madeIssuer(t, systemClock.now);
  const url = (): string => root.running().apiUrl;
  const body = { issuer: issuer.url, clientId: 'xylem', clientSecret, publicUrl: url() };
  await root.api('oidcSet', { body });
  await root.api('groupGrants', { body: { group: 'ops', add: [{ role: 'viewer', scope: '*' }] } });
  const attempt: Made['attempt'] = async (answer) => {
    // Each failure makes the next wait.
    clock.pass(3600_001);
    const begun = await fetch(`${url()}/login/oidc`, { redirect: 'manual' });
    const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { searchParams } = new URL(begun.headers.get('location') ?? '');
    issuer.on('/token', await answer(searchParams.get('nonce') ?? ''));
    const query = new URLSearchParams({ code: 'x', state: searchParams.get('state') ?? '' });
    const back = `${url()}/login/oidc/callback?${query.toString()}`;
    const response = await fetch(back, { redirect: 'manual', headers: { cookie } });
    const isIn = response.headers.getSetCookie().some((one) => one.startsWith('xylem_session='));
    assert.equal(isIn, response.status === 200);
    return { status: response.status, text: await response.text() };
  };
  return { root, clock, issuer, attempt };
}

const tokens =
  (idToken: string | undefined): Answer =>
  (response) =>
    json(response, { access_token: 'a', token_type: 'Bearer', id_token: idToken });

test('an ID token that is not exactly this one is taken for nobody', async (t) => {
  const { issuer, attempt } = await hostile(t);
  const stranger = await madeIssuer(t, systemClock.now);
  await issuer.newKey('unpublished', false);
  const seconds = Math.floor(systemClock.now() / 1000);
  const claims = (nonce: string) => ({
    aud: 'xylem',
    sub: 'ben',
    nonce,
    groups: ['ops'],
    preferred_username: 'Ben',
  });
  const b64u = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payloadOf = (token: string): string => token.split('.')[1] ?? '';
  const right = await attempt(async (nonce) => tokens(await issuer.token(claims(nonce))));
  assert.equal(right.status, 200, right.text);

  const notOurs = /not one that it gave to this root server/;
  const changed: readonly (readonly [string, object, RegExp])[] = [
    ['another nonce', { nonce: 'another' }, notOurs],
    ['no nonce', { nonce: undefined }, notOurs],
    ['another audience', { aud: 'somebody-else' }, notOurs],
    ['several audiences, given to another', { aud: ['xylem', 'other'], azp: 'other' }, notOurs],
    ['another issuer', { iss: 'https://other.example' }, notOurs],
    ['no subject', { sub: undefined }, notOurs],
    ['expired', { exp: seconds - 120, iat: seconds - 600 }, /compare the clocks/],
    ['not yet valid', { nbf: seconds + 600 }, /compare the clocks/],
    ['a subject with a space', { sub: 'ben (admin)' }, /names nobody in the claim sub/],
    ['a subject without end', { sub: 'x'.repeat(256) }, /names nobody in the claim sub/],
    ['groups that are no list', { groups: { ops: true } }, /no list of names/],
    ['groups that are no names', { groups: [['ops']] }, /no list of names/],
    ['groups without end', { groups: Array.from({ length: 1001 }, String) }, /more than 1000 groups/],
    ['no groups', { groups: undefined }, /no claim groups/],
    ['a group that is mapped but for a letter', { groups: ['Ops', 'ops '] }, /none of that may do anything/],
  ];
  for (const [what, change, why] of changed) {
    const { status, text } = await attempt(async (nonce) =>
      tokens(await issuer.token({ ...claims(nonce), ...change })),
    );
    assert.equal(status, 403, what);
    assert.match(text, why, what);
  }
  const forged: readonly (readonly [string, (nonce: string) => Promise<string | undefined>])[] = [
    ['none at all', async () => undefined],
    ['of a key that is not published', (nonce) => issuer.token(claims(nonce), 'unpublished')],
    ['of another issuer in its name', (nonce) => stranger.token({ ...claims(nonce), iss: issuer.url })],
    [
      'without a signature',
      async (nonce) => `${b64u({ alg: 'none' })}.${payloadOf(await issuer.token(claims(nonce)))}.`,
    ],
    [
      'by the client secret',
      async (nonce) => {
        const said = `${b64u({ alg: 'HS256' })}.${payloadOf(await issuer.token(claims(nonce)))}`;
        return `${said}.${createHmac('sha256', clientSecret).update(said).digest('base64url')}`;
      },
    ],
    [
      'altered',
      async (nonce) => {
        const [head, , signature] = (await issuer.token({ ...claims(nonce), groups: [] })).split('.');
        return `${head}.${payloadOf(await stranger.token({ ...claims(nonce), iss: issuer.url }))}.${signature}`;
      },
    ],
  ];
  for (const [what, token] of forged) {
    const { status } = await attempt(async (nonce) => tokens(await token(nonce)));
    assert.equal(status, 403, what);
  }
});

test('an issuer that refuses, redirects, is broken, endless or hangs', async (t) => {
  const { attempt } = await hostile(t);
  const refusals: readonly (readonly [string, Answer, number, RegExp])[] = [
    [
      'a wrong secret',
      (r) => json(r, { error: 'invalid_client' }, 401),
      403,
      /client id or the client secret/,
    ],
    [
      'a wrong secret, by a challenge',
      (r) => r.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
      403,
      /client id or the client secret/,
    ],
    [
      'a used code',
      (r) => json(r, { error: 'invalid_grant' }, 400),
      403,
      /refused the sign-in: invalid_grant/,
    ],
    [
      'markup',
      (r) => json(r, { error: '<script>alert(1)</script>' }, 400),
      403,
      /refused the sign-in: &lt;script&gt;/,
    ],
    ['a redirect', (r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 503, /status 302/],
    ['a fault', (r) => r.writeHead(500).end(), 503, /status 500/],
    [
      'no JSON',
      (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      503,
      /otherwise than/,
    ],
    ['broken off', (r) => r.destroy(), 503, /does not answer/],
    ['10 MB', (r) => json(r, { access_token: 'x'.repeat(10_000_000) }), 503, /more than 262144 bytes/],
    ['silence', () => undefined, 503, /does not answer/],
  ];
  for (const [what, answer, status, why] of refusals) {
    const found = await attempt(() => answer);
    assert.equal(found.status, status, what);
    assert.match(found.text, why, what);
    assert.ok(!found.text.includes(clientSecret));
  }
});

test('user information fills what the ID token lacks, for the same person only, and overrules nothing', async (t) => {
  const { root, issuer, attempt } = await hostile(t);
  const description = { ...issuer.description, userinfo_endpoint: `${issuer.url}/me` };
  issuer.on('/.well-known/openid-configuration', (response) => json(response, description));
  const say = (claims: object): void => issuer.on('/me', (response) => json(response, claims));
  const by = (claims: object) =>
    attempt(async (nonce) => tokens(await issuer.token({ aud: 'xylem', sub: 'ben', nonce, ...claims })));
  say({ sub: 'ben', groups: ['ops'], preferred_username: 'Ben' });
  assert.equal((await by({})).status, 200);
  const { sessions } = await root.api('sessionList');
  assert.deepEqual(
    sessions.map(({ subject }) => subject.replace(/^oidc\/[0-9a-f]{12}/, '')),
    ['/ben (Ben)'],
  );
  say({ sub: 'eve', groups: ['ops'] });
  assert.equal((await by({})).status, 403, 'of somebody else');
  say({ sub: 'ben', groups: ['ops'] });
  assert.match((await by({ groups: ['strangers'] })).text, /in strangers; none/, 'what is signed goes first');
});

test('an issuer that sends browsers or requests where they must not go is not set, and one that is down is said', async (t) => {
  const { root, clock, issuer } = await hostile(t);
  const body = { issuer: issuer.url, clientId: 'xylem' };
  const describe = (change: object): void =>
    issuer.on('/.well-known/openid-configuration', (response) =>
      json(response, { ...issuer.description, ...change }),
    );
  const bad = [
    { authorization_endpoint: 'javascript:alert(1)' },
    { authorization_endpoint: 'http://login.example/auth' },
    { authorization_endpoint: undefined },
    { token_endpoint: 'http://10.0.0.1/token' },
    { token_endpoint: undefined },
    { jwks_uri: 'file:///etc/passwd' },
    { issuer: 'https://other.example' },
    { issuer: `${issuer.url}/` },
  ];
  for (const change of bad) {
    describe(change);
    const said = JSON.stringify(change);
    await assert.rejects(root.api('oidcSet', { body }), { status: 503, code: 'E_ISSUER' }, said);
  }
  const { oidc } = await root.api('oidcShow');
  assert.equal(oidc?.hasClientSecret, true, 'the settings before are still there');

  let asked = 0;
  issuer.on('/.well-known/openid-configuration', (response) => {
    asked += 1;
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  });
  const begin = () => fetch(`${root.running().apiUrl}/login/oidc`, { redirect: 'manual' });
  for (let count = 0; count < 10; count += 1) {
    const page = await begin();
    assert.equal(page.status, 503);
    assert.match(await page.text(), /answers with status 302/);
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  }
  assert.equal(asked, 1, 'a failure is kept for a while, whoever asks');
  describe({ authorization_endpoint: `${issuer.url}/auth?tenant=1` });
  clock.pass(10_001);
  const there = new URL((await begin()).headers.get('location') ?? '');
  assert.equal(there.searchParams.get('tenant'), '1');
  assert.equal(there.origin, issuer.url);
});
