import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
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

test('a host that went after the backup comes again when the same move is approved again', async (t) => {
  const site = await twoTenants(t);
  const { root, web, to } = site;
  const out = join(await tempFolder(t, 'backup'), 'backup');
  await root.api('backupCreate', { body: { out } });
  const body = { select: { hosts: ['acme-web-1'] }, environment: 'globex/production' };
  const move = async (api: typeof root.api): Promise<void> => {
    const id = (await api('hostMoveEnvironment', { body })).request?.id ?? '';
    for (const side of ['gives', 'takes'] as const)
      await api('moveApprove', { params: { id }, body: { side } });
  };
  const where = async (api: typeof root.api) => {
    const { environment, movingFrom, lastReport } = await api('hostShow', { params: { host: web.id } });
    return [environment.name, movingFrom, lastReport !== null];
  };
  const comes = () => web.report([], { environment: to as EnvironmentId });
  await move(root.api);
  await comes();
  assert.deepEqual(await where(root.api), ['globex/production', null, true]);
  const again = await restoredFixture(t, root, out);
  web.moveTo(again);
  await comes();
  await again.api('restoreConfirm', { body: { keep: 'hosts' } });
  assert.deepEqual(await where(again.api), ['acme/production', null, false]);
  await move(again.api);
  await comes();
  assert.deepEqual(await where(again.api), ['globex/production', null, true]);
});
