import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootFixture } from '../testing/root-fixture.ts';

test('says who asks, and refuses who has no token or the wrong one', async (t) => {
  const root = await rootFixture(t);
  const who = await root.api('whoami');
  assert.equal(who.name, 'operator');
  assert.deepEqual(who.grants, [{ role: 'admin', scope: '*' }]);
  for (const authorization of ['', 'Bearer nonsense', `Bearer ${root.token.slice(0, -2)}xx`]) {
    const response = await fetch(`${root.running().apiUrl}/api/v1/whoami`, { headers: { authorization } });
    assert.equal(response.status, 401);
    assert.equal(((await response.json()) as { code: string }).code, 'E_UNAUTHORISED');
  }
});

test('refuses unknown keys, wrong types and unknown queries, naming them', async (t) => {
  const root = await rootFixture(t);
  const bad = (operation: 'environmentCreate', body: unknown) =>
    root.api(operation, { body: body as { name: string } });
  await assert.rejects(bad('environmentCreate', { name: 'acme/production', stage: 'x' }), {
    code: 'E_INPUT',
    message: /unknown key "stage"/,
  });
  await assert.rejects(bad('environmentCreate', { name: 7 }), { code: 'E_INPUT', message: /name/ });
  await assert.rejects(bad('environmentCreate', { name: '../x' }), {
    code: 'E_INPUT',
    message: /name: expected an environment's name, like acme\/production, found "\.\.\/x"\./,
  });
  await assert.rejects(bad('environmentCreate', {}), { message: /name is missing/ });
  await assert.rejects(root.api('hostList', { query: { environment: 'acme/' } }), {
    message: /query: environment: expected an environment's name or pattern, like .*, found "acme\/"\./,
  });
  await assert.rejects(root.api('deploymentShow', { params: { id: 'x' } }), {
    message: /id: expected a deployment's id, like d-567073cb9f4b, found "x"\./,
  });
  await assert.rejects(root.api('hostList', { query: { site: 'x'.repeat(9999) } }), ({ message }: Error) => {
    assert.ok(message.length < 300, message);
    return true;
  });
  await assert.rejects(root.api('hostList', { query: { whre: 'x' } as never }), {
    code: 'E_INPUT',
    message: /whre/,
  });
});

test('gives each role what is its own', async (t) => {
  const root = await rootFixture(t);
  const { token } = await root.api('apiTokenCreate', {
    body: { name: 'reader', grants: [{ role: 'viewer', scope: '*' }] },
  });
  const response = await fetch(`${root.running().apiUrl}/api/v1/environments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"name":"acme/production"}',
  });
  assert.equal(response.status, 403);
});
