import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../db/open.ts';
import { ApiProblem } from '../testing/api-client.ts';
import { twoTenants } from '../testing/two-tenants.ts';
import { accessOf } from './access.ts';
import type { Who } from './api-tokens.ts';
import { isSecondWord } from './four-eyes.ts';
import { addGrants, removeGrants } from './grant-rows.ts';
import { originOf } from './origin.ts';

const refused = (code: string) => (error: unknown) => error instanceof ApiProblem && error.code === code;
const everything = { role: 'admin', scope: '*' } as const;
const move = { select: { hosts: ['acme-web-1'] }, environment: 'globex/production' };

test('one person is not two, by however many tokens', async (t) => {
  const site = await twoTenants(t);
  const anna = await site.person('anna', everything);
  const gus = await site.person('gus', everything);
  const kim = await site.person('kim', everything);
  const tokenOf = async (api: typeof anna.api) =>
    site.by((await api('apiTokenCreate', { body: { name: 'made', grants: [everything] } })).token);
  const hers = await tokenOf(anna.api);
  const ofHers = await tokenOf(hers);
  assert.equal((await anna.api('fourEyesSet', { body: { on: true } })).on, true);
  const { request } = await anna.api('hostMoveEnvironment', { body: move });
  const params = { id: request?.id ?? '' };
  for (const api of [anna.api, hers, ofHers])
    await assert.rejects(api('moveApprove', { params, body: { side: 'gives' } }), refused('E_FOUR_EYES'));
  await gus.api('moveApprove', { params, body: { side: 'gives' } });
  for (const api of [gus.api, await tokenOf(gus.api), ofHers])
    await assert.rejects(api('moveApprove', { params, body: { side: 'takes' } }), refused('E_FOUR_EYES'));
  // The maker counts also when the token in between is gone.
  const between = (await anna.api('apiTokenList', {})).tokens.find(({ name }) => name === 'made');
  await anna.api('apiTokenDelete', { params: { id: between?.id ?? '' } });
  await assert.rejects(ofHers('moveApprove', { params, body: { side: 'takes' } }), refused('E_FOUR_EYES'));
  assert.equal((await kim.api('moveApprove', { params, body: { side: 'takes' } })).state, 'approved');
});

test('tokens made on the machine of the root server are one person together', async (t) => {
  const site = await twoTenants(t);
  const { root } = site;
  const gus = await site.person('gus', everything);
  await root.api('fourEyesSet', { body: { on: true } });
  const other = site.by(
    (await root.api('apiTokenCreate', { body: { name: 'x', grants: [everything] } })).token,
  );
  const { request } = await root.api('hostMoveEnvironment', { body: move });
  const params = { id: request?.id ?? '' };
  await assert.rejects(other('moveApprove', { params, body: { side: 'gives' } }), refused('E_FOUR_EYES'));
  await gus.api('moveApprove', { params, body: { side: 'gives' } });
});

test('it is switched off by two people alone', async (t) => {
  const site = await twoTenants(t);
  const anna = await site.person('anna', everything);
  const gus = await site.person('gus', everything);
  const off = { body: { on: false } };
  assert.deepEqual(await anna.api('fourEyesSet', off), { on: false, off: null });
  await anna.api('fourEyesSet', { body: { on: true } });
  const asked = await anna.api('fourEyesSet', off);
  assert.deepEqual([asked.on, asked.off?.by], [true, 'person/anna']);
  assert.equal((await anna.api('fourEyesSet', off)).on, true, 'once more is not another');
  // Saying on takes it back; and who lost the right does not count.
  await gus.api('fourEyesSet', { body: { on: true } });
  assert.equal((await gus.api('fourEyesSet', off)).on, true);
  await site.root.api('personGrants', { params: { name: 'gus' }, body: { remove: [everything] } });
  assert.equal((await anna.api('fourEyesSet', off)).on, true);
  await assert.rejects(gus.api('fourEyesSet', off), refused('E_FORBIDDEN'));
  assert.equal((await site.root.api('fourEyesSet', off)).on, false);
  const { entries } = await anna.api('auditList', { query: { what: 'four-eyes', limit: '20' } });
  assert.ok(entries.length >= 5);
});

test('a token that is revoked while its request is answered makes nobody another person', async (t) => {
  const { root, person } = await twoTenants(t);
  const anna = await person('anna', everything);
  const { id } = await anna.api('apiTokenCreate', { body: { name: 'hers', grants: [everything] } });
  const db = await openDatabase({ kind: 'sqlite', file: `${root.folder}/root.db` });
  t.after(() => db.destroy());
  // Who asks was looked up when the request came in.
  const who = { subject: `api-token/${id} (hers)` };
  assert.equal(await originOf(db, who), 'person/anna');
  await anna.api('apiTokenDelete', { params: { id } });
  await assert.rejects(originOf(db, who), { code: 'E_UNAUTHORISED' });
});

test('the word of a person of an issuer counts while their groups administer', async (t) => {
  const { root } = await twoTenants(t);
  const db = await openDatabase({ kind: 'sqlite', file: `${root.folder}/root.db` });
  t.after(() => db.destroy());
  await addGrants(db, 'group/ops', [everything], 0);
  const who = (name: string): Who => ({
    kind: 'oidc',
    tokenId: '',
    name,
    account: `oidc/0/${name}`,
    subject: `oidc/0/${name} (${name})`,
    access: accessOf([everything]),
    groups: ['ops'],
    expiresMs: null,
  });
  const says = (name: string) => isSecondWord(db, who(name), 'off', 'off', 0);
  assert.deepEqual([await says('anna'), await says('gus')], [false, true]);
  assert.equal(await says('anna'), false);
  await removeGrants(db, 'group/ops');
  assert.equal(await says('gus'), false, 'anna may no more');
});
