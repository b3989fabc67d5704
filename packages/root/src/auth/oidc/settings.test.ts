import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from '@xylem/testkit';
import { apiClient } from '../../testing/api-client.ts';
import { realIssuer } from '../../testing/real-issuer.ts';
import { type RootFixture, rootFixture } from '../../testing/root-fixture.ts';
import { requireReachable } from './redirect.ts';

const grant = { role: 'operator' as const, scope: 'acme/production' };

const databases = { sqlite: null, postgres: 'root' } as const;

for (const [kind, name] of Object.entries(databases)) {
  test(`an issuer is set, shown, replaced and removed, and groups get roles (${kind})`, async (t) => {
    const server = name === null ? null : await postgres(t);
    if (server !== null && 'skip' in server) return t.skip(server.skip);
    const root = await rootFixture(
      t,
      server === null ? {} : { database: { kind: 'postgres', url: await server.createDatabase('root') } },
    );
    const issuer = await realIssuer(t, { redirectUri: () => 'http://127.0.0.1/login/oidc/callback' });
    const { api } = root;
    assert.deepEqual(await api('oidcShow'), { oidc: null });
    assert.deepEqual(await api('oidcRemove'), {}, 'nothing to remove is no fault');
    const { clientSecret } = issuer;
    const body = { issuer: issuer.url, clientId: 'xylem', clientSecret, publicUrl: 'http://127.0.0.1:1/' };
    const set = await api('oidcSet', { body });
    assert.ok(set.offersDeviceFlow);
    assert.equal(set.redirectUri, 'http://127.0.0.1:1/login/oidc/callback');
    await root.restart();
    const { oidc } = await api('oidcShow');
    assert.deepEqual(
      [oidc?.hasClientSecret, oidc?.groupsClaim, oidc?.nameClaim, oidc?.scope],
      [true, 'groups', 'preferred_username', 'openid profile'],
    );
    const again = await api('oidcSet', { body: { issuer: issuer.url, clientId: 'other' } });
    assert.equal(again.hasClientSecret, false);
    assert.equal(again.redirectUri, `${root.running().nodesUrl}/login/oidc/callback`);

    assert.deepEqual(await api('groupGrants', { body: { group: '/acme ops/é', add: [grant, grant] } }), {
      name: '/acme ops/é',
      grants: [grant],
    });
    await api('groupGrants', { body: { group: 'b', add: [grant] } });
    const wrong = { role: 'viewer' as const, scope: 'acme/production' };
    const missing = api('groupGrants', { body: { group: 'b', remove: [wrong] } });
    await assert.rejects(missing, { status: 404, message: /b is not viewer in acme\/production/ });
    await api('groupGrants', { body: { group: 'b', remove: [grant] } });
    const { groups } = await api('groupList');
    assert.deepEqual(groups, [{ name: '/acme ops/é', grants: [grant] }]);
    await api('oidcRemove');
    assert.deepEqual(await api('oidcShow'), { oidc: null });

    const { entries } = await api('auditList');
    const said = JSON.stringify(entries);
    for (const what of ['oidc.set', 'oidc.remove', 'group.grants']) assert.ok(said.includes(what), what);
    assert.match(said, /"clientSecretDigest":"[0-9a-f]{12}"/);
    assert.ok(!said.includes(clientSecret));
  });
}

test('what is no issuer, or does not answer as one, is refused before anything changes', async (t) => {
  const root = await rootFixture(t);
  const issuer = await realIssuer(t, { redirectUri: () => 'http://127.0.0.1/login/oidc/callback' });
  const body = { issuer: issuer.url, clientId: 'xylem' };
  const cases: readonly (readonly [object, number, string])[] = [
    [{ issuer: 'http://login.example' }, 400, 'E_INPUT'],
    [{ issuer: 'https://user:word@login.example' }, 400, 'E_INPUT'],
    [{ issuer: `${issuer.url}/.well-known/openid-configuration` }, 400, 'E_INPUT'],
    [{ issuer: `${issuer.url}/` }, 503, 'E_ISSUER'],
    [{ issuer: `${issuer.url}/elsewhere` }, 503, 'E_ISSUER'],
    [{ issuer: 'http://127.0.0.1:9' }, 503, 'E_ISSUER'],
    [{ scope: 'profile' }, 400, 'E_INPUT'],
    [{ publicUrl: 'http://root.example' }, 400, 'E_INPUT'],
    [{ publicUrl: 'https://root.example/page' }, 400, 'E_INPUT'],
  ];
  for (const [wrong, status, code] of cases) {
    const refused = root.api('oidcSet', { body: { ...body, ...wrong } });
    await assert.rejects(refused, { status, code }, JSON.stringify(wrong));
  }
  assert.deepEqual(await root.api('oidcShow'), { oidc: null });
});

test('only who administers everything reads or changes it, and a group is nobody who could remain', async (t) => {
  const root = await rootFixture(t);
  const everything = { role: 'admin' as const, scope: '*' };
  const acme = await tokenOf(root, { role: 'admin', scope: 'acme' });
  for (const operation of ['oidcShow', 'oidcRemove', 'groupList'] as const)
    await assert.rejects(acme(operation), { status: 403 });
  await root.api('groupGrants', { body: { group: 'admins', add: [everything] } });
  const first = (await root.api('apiTokenList')).tokens[0]?.id ?? '';
  // The first token's own id as the name of a group.
  await root.api('groupGrants', { body: { group: first, add: [everything] } });
  await assert.rejects(root.api('apiTokenDelete', { params: { id: first } }), { status: 409 });
});

const tokenOf = async (root: RootFixture, grant: { role: 'admin'; scope: string }) => {
  const { token } = await root.api('apiTokenCreate', { body: { name: 'x', grants: [grant] } });
  return apiClient(() => root.running().apiUrl, token);
};

test('an address to listen at is none to come back to', () => {
  for (const nodesUrl of ['https://0.0.0.0:8441', 'https://[::]:8441']) {
    const root = { nodesUrl: () => nodesUrl };
    assert.throws(() => requireReachable(root, { publicUrl: null }), {
      code: 'E_INPUT',
      message: /--public-url/,
    });
    requireReachable(root, { publicUrl: 'https://root.example:8441' });
  }
  requireReachable({ nodesUrl: () => 'https://root.example:8441' }, { publicUrl: null });
});
