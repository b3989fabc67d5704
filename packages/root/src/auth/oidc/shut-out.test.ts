import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { postgres } from '@xylem/testkit';
import { apiClient } from '../../testing/api-client.ts';
import { fakeHost } from '../../testing/fake-host.ts';
import { oidcFixture } from '../../testing/oidc-fixture.ts';
import type { RootFixtureOptions } from '../../testing/root-fixture.ts';
import { ScriptedBrowser } from '../../testing/scripted-browser.ts';
import { shiftedClock } from '../../testing/shifted-clock.ts';

const everything = { role: 'admin', scope: '*' } as const;
const refusal = { status: 401, code: 'E_OIDC', message: /was shut out here.*xylem person enable oidc\// };

/** With a way for anna to sign in at a command line, as a person does it. */
async function site(t: TestContext, options: Pick<RootFixtureOptions, 'database'> = {}) {
  const clock = shiftedClock(0);
  const fixture = await oidcFixture(t, { clock, ...options });
  const { root, url } = fixture;
  const as = (token: string) => apiClient(url, token);
  const browser = new ScriptedBrowser();
  const approved = async (): Promise<() => Promise<string>> => {
    const begun = await as('none')('deviceBegin', { body: {} });
    const shown = await browser.submit(await browser.open(begun.verificationUriComplete ?? ''), {});
    let page = await browser.submit(shown, {});
    if (page.text.includes('name="login"'))
      page = await browser.submit(page, { login: 'anna', password: 'any' });
    if (!/Sign-in Success/.test(page.text)) await browser.submit(page, {});
    return async () => {
      clock.pass(5001);
      const { session } = await as('none')('devicePoll', { body: { handle: begun.handle } });
      return session?.token ?? '';
    };
  };
  const sessionsOfIssuer = async () =>
    (await root.api('sessionList')).sessions.filter(({ subject }) => subject.startsWith('oidc/'));
  const setDisabled = async (account: string, disabled: boolean) =>
    await root.api('oidcPersonDisable', { body: { account, disabled } });
  return { ...fixture, as, browser, approved, sessionsOfIssuer, setDisabled };
}

const accountIn = (subject: string | undefined): string => subject?.split(' ')[0] ?? '';

async function onPostgres(t: TestContext): Promise<Pick<RootFixtureOptions, 'database'> | null> {
  const server = await postgres(t);
  if (!('skip' in server))
    return { database: { kind: 'postgres', url: await server.createDatabase('root') } };
  t.skip(server.skip);
  return null;
}

for (const kind of ['sqlite', 'postgres'] as const) {
  test(`one person of an issuer is shut out until somebody lets them in again (${kind})`, async (t) => {
    const options = kind === 'sqlite' ? {} : await onPostgres(t);
    if (options === null) return;
    const { root, issuer, url, signIn, ...on } = await site(t, options);
    const inBrowser = new ScriptedBrowser();
    assert.equal((await signIn(inBrowser, 'anna')).status, 200);
    const anna = on.as(await (await on.approved())());
    assert.equal((await anna('whoami')).name, 'oidc/Anna');
    const account = accountIn((await on.sessionsOfIssuer())[0]?.subject);
    const waiting = await on.approved();

    const done = await on.setDisabled(account, true);
    assert.deepEqual(done, {
      account,
      name: 'Anna',
      disabled: true,
      sessionsEnded: 2,
      ofPresentIssuer: true,
    });
    await assert.rejects(anna('whoami'), { status: 401 });
    assert.equal((await inBrowser.open(`${url()}/`)).status, 401);
    const refused = await signIn(inBrowser, 'anna');
    assert.equal(refused.status, 403);
    assert.match(refused.text, /was shut out here/);
    await assert.rejects(waiting(), refusal);

    // Neither other settings of the same issuer, nor a start, nor a second word change that.
    const { clientId, clientSecret } = issuer;
    await root.api('oidcRemove');
    await root.api('oidcSet', { body: { issuer: issuer.url, clientId, clientSecret, publicUrl: url() } });
    await root.restart(Number(new URL(url()).port));
    assert.equal((await on.setDisabled(account, true)).sessionsEnded, 0);
    await assert.rejects((await on.approved())(), refusal);
    assert.deepEqual(await on.sessionsOfIssuer(), []);
    const { shutOut } = await root.api('personList');
    assert.deepEqual(
      shutOut.map((one) => [one.account, one.name]),
      [[account, 'Anna']],
    );
    assert.match(shutOut[0]?.by ?? '', /\S/);

    // Others of the issuer come in.
    issuer.setPerson('ben', { groups: ['operators'], preferred_username: 'Ben' });
    assert.equal((await signIn(new ScriptedBrowser(), 'ben')).status, 200);

    assert.equal((await on.setDisabled(account, false)).disabled, false);
    assert.equal((await signIn(inBrowser, 'anna')).status, 200);
    await assert.rejects(on.setDisabled(account, false), { status: 404, message: /is not shut out/ });
    const { entries } = await root.api('auditList', { query: { what: 'person' } });
    assert.deepEqual(
      entries.map(({ entry }) => [entry['what'], entry['on']].join(' ')),
      [
        `person.disable ${account} (Anna)`,
        `person.disable ${account} (Anna)`,
        `person.enable ${account} (Anna)`,
      ],
    );
  });
}

test('who may not say how people sign in may not shut them out; what is no account is refused', async (t) => {
  const { root, as, setDisabled } = await site(t);
  const acme = { name: 'x', grants: [{ role: 'admin' as const, scope: 'acme' }] };
  const theirs = as((await root.api('apiTokenCreate', { body: acme })).token);
  const account = `oidc/${'0'.repeat(12)}/anna/of/acme`;
  const body = { account, disabled: true };
  await assert.rejects(theirs('oidcPersonDisable', { body }), { status: 403 });
  for (const wrong of ['anna', 'person/anna', 'oidc/Anna', `${account} (Anna)`, `oidc/${'0'.repeat(12)}/`])
    await assert.rejects(setDisabled(wrong, true), { status: 400 }, wrong);
  const { name, sessionsEnded, ofPresentIssuer } = await setDisabled(account, true);
  assert.deepEqual([name, sessionsEnded, ofPresentIssuer], [null, 0, false], 'said to whoever mistyped it');
});

test('PostgreSQL, which runs them at once, leaves no session of a sign-in beside the shutting out', async (t) => {
  const options = await onPostgres(t);
  if (options === null) return;
  const { begin, signIn, sessionsOfIssuer, setDisabled } = await site(t, options);
  const browser = new ScriptedBrowser();
  await signIn(browser, 'anna');
  const account = accountIn((await sessionsOfIssuer())[0]?.subject);
  for (let count = 0; count < 4; count += 1) {
    const back = await begin(browser, 'anna');
    await Promise.all([browser.open(back), setDisabled(account, true)]);
    assert.deepEqual(await sessionsOfIssuer(), []);
    await setDisabled(account, false);
  }
});

test('a first word counts no more when who said it was shut out since', async (t) => {
  const { root, as, approved, sessionsOfIssuer, setDisabled } = await site(t);
  await root.api('groupGrants', { body: { group: 'operators', add: [everything] } });
  const anna = as(await (await approved())());
  const account = accountIn((await sessionsOfIssuer())[0]?.subject);
  await root.api('fourEyesSet', { body: { on: true } });
  const off = { body: { on: false } };
  assert.equal((await anna('fourEyesSet', off)).on, true);
  await setDisabled(account, true);
  assert.equal((await root.api('fourEyesSet', off)).on, true, 'the first word of two again');
  await setDisabled(account, false);
  assert.equal((await as(await (await approved())())('fourEyesSet', off)).on, false);
});

test('an approval of a move counts no more when who gave it was shut out since', async (t) => {
  const { root, as, approved, sessionsOfIssuer, setDisabled } = await site(t);
  await root.api('groupGrants', { body: { group: 'operators', add: [{ role: 'admin', scope: 'globex' }] } });
  for (const name of ['acme/production', 'globex/production'])
    await root.api('environmentCreate', { body: { name } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  await fakeHost(root, token, { name: 'web' });
  const anna = as(await (await approved())());
  const account = accountIn((await sessionsOfIssuer())[0]?.subject);
  const body = { select: { hosts: ['web'] }, environment: 'globex/production' };
  const { request } = await root.api('hostMoveEnvironment', { body });
  const params = { id: request?.id ?? '' };
  await anna('moveApprove', { params, body: { side: 'takes' } });
  await setDisabled(account, true);
  const held = await root.api('moveApprove', { params, body: { side: 'gives' } });
  assert.deepEqual([held.state, held.takes], ['open', null]);
  assert.match(held.note ?? '', /may do so no more/);
});
