import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeLater, tempFolder } from '@xylem/testkit';
import { Kysely, sql } from 'kysely';
import { sqliteColumns } from '../db/column-types.ts';
import * as begin from '../db/migrations/0001-begin.ts';
import * as found from '../db/migrations/0002-found.ts';
import { openDatabase } from '../db/open.ts';
import { openSqlite } from '../db/sqlite.ts';
import { accessOf } from './access.ts';
import { listApiTokens } from './api-tokens.ts';
import { checkGrant, permissions, permissionsOf, type Role } from './grants.ts';

const live = { tenant: 'acme', environment: 'production' };
const test_ = { tenant: 'acme', environment: 'test' };
const other = { tenant: 'globex', environment: 'production' };

test('a role is exactly its permissions, and none is above another', () => {
  for (const role of Object.keys(permissionsOf) as Role[]) {
    const access = accessOf([{ role, scope: 'acme/production' }]);
    const own: readonly string[] = permissionsOf[role];
    for (const permission of permissions) {
      assert.equal(access.in(permission, live), own.includes(permission), `${role} ${permission}`);
      assert.equal(access.in(permission, test_), false);
      assert.equal(access.in(permission, other), false);
      assert.equal(access.everywhere(permission), false);
      assert.equal(access.at(permission, 'shop'), false);
    }
  }
});

test('a scope reaches what lies in it, and several grants add up', () => {
  const tenant = accessOf([{ role: 'operator', scope: 'acme' }]);
  assert.deepEqual([live, test_, other].map(tenant.within('operate')), [true, true, false]);
  assert.equal(tenant.reaches('globex'), false);
  const all = accessOf([{ role: 'admin', scope: '*' }]);
  assert.ok(all.everywhere('administer') && all.in('read', other) && all.at('publish', 'shop'));
  const both = accessOf([
    { role: 'viewer', scope: 'globex' },
    { role: 'publisher', scope: 'product:shop' },
  ]);
  assert.ok(both.in('read', other) && both.at('publish', 'shop') && !both.at('publish', 'blog'));
  assert.equal(both.in('publish', other), false);
  assert.equal(accessOf([]).anywhere('read'), false);
});

test('who administers a scope gives grants within it, and no wider', () => {
  const tenant = accessOf([{ role: 'admin', scope: 'acme' }]);
  const given = ['acme', 'acme/production', 'globex', '*', 'product:shop'].map((scope) =>
    tenant.administers(scope),
  );
  assert.deepEqual(given, [true, true, false, false, false]);
  assert.throws(() => checkGrant({ role: 'operator', scope: 'product:shop' }), { code: 'E_INPUT' });
  checkGrant({ role: 'publisher', scope: 'product:shop' });
});

test('API tokens of the first version keep their power', async (t) => {
  const file = join(await tempFolder(t, 'db'), 'root.db');
  const old = new Kysely<unknown>({ dialect: openSqlite(file) });
  await begin.up(old, sqliteColumns);
  await found.up(old);
  await sql`create table xylem_schema (version bigint not null)`.execute(old);
  await sql`insert into xylem_schema (version) values (1), (2)`.execute(old);
  for (const role of ['viewer', 'publisher', 'operator', 'admin']) {
    await sql`insert into api_tokens (id, name, role, hash, created_ms)
      values (${role}, ${role}, ${role}, ${role}, 1)`.execute(old);
  }
  await old.destroy();
  const db = await openDatabase({ kind: 'sqlite', file });
  removeLater(t, () => db.destroy());
  const tokens = await listApiTokens(db);
  const may = Object.fromEntries(
    tokens.map(({ id, grants }) => [
      id,
      permissions.filter((permission) => accessOf(grants).everywhere(permission)).join(' '),
    ]),
  );
  assert.deepEqual(may, {
    viewer: 'read',
    publisher: 'read publish',
    operator: 'read operate publish',
    admin: permissions.join(' '),
  });
  assert.ok(tokens.every(({ expires_ms }) => expires_ms === null));
});
