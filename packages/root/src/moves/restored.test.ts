import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { ApiProblem, apiClient } from '../testing/api-client.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { twoTenants } from '../testing/two-tenants.ts';

const refused = (code: string) => (error: unknown) => error instanceof ApiProblem && error.code === code;
const everything = { role: 'admin', scope: '*' } as const;

test('with four eyes two people confirm a restore, and requests that were open are over', async (t) => {
  const site = await twoTenants(t);
  const { root } = site;
  const tokenOf = async (name: string): Promise<string> => {
    const { api } = await site.person(name, everything);
    return (await api('apiTokenCreate', { body: { name, grants: [everything] } })).token;
  };
  const tokens = [await tokenOf('anna'), await tokenOf('gus')];
  await root.api('fourEyesSet', { body: { on: true } });
  const body = { select: { hosts: ['acme-web-1'] }, environment: 'globex/production' };
  const id = (await root.api('hostMoveEnvironment', { body })).request?.id ?? '';
  const out = join(await tempFolder(t, 'backup'), 'backup');
  await root.api('backupCreate', { body: { out } });
  const again = await restoredFixture(t, root, out);
  const [anna, gus] = tokens.map((token) => apiClient(() => again.running().apiUrl, token));
  assert.ok(anna !== undefined && gus !== undefined);
  const hosts = { body: { keep: 'hosts' } } as const;
  assert.equal((await anna('restoreConfirm', hosts)).waits?.by.includes('anna'), true);
  assert.notEqual((await anna('restoreConfirm', hosts)).waits, null, 'once more is not another');
  await assert.rejects(gus('restoreConfirm', { body: { keep: 'backup' } }), refused('E_CONFLICT'));
  assert.equal((await again.api('restored')).restored, true);
  const done = await gus('restoreConfirm', hosts);
  assert.deepEqual([done.waits, done.environments.length], [null, 2]);
  assert.equal((await again.api('restored')).restored, false);
  const move = await again.api('moveShow', { params: { id } });
  assert.equal(move.state, 'cancelled');
  assert.match(move.reason ?? '', /backup/);
});
