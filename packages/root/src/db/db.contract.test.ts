import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cleanup, postgres, tempFolder } from '@xylem/testkit';
import { sql } from 'kysely';
import { type DatabaseConfig, openDatabase } from './open.ts';
import type { Database } from './tables.ts';

const own = cleanup();
after(() => own.run());

const server = await postgres(own);
let count = 0;
const databases: Record<string, (() => Promise<DatabaseConfig>) | string> = {
  sqlite: async () => ({ kind: 'sqlite', file: join(await tempFolder(own, 'db'), 'root.db') }),
  postgres:
    'skip' in server
      ? server.skip
      : async () => ({ kind: 'postgres', url: await server.createDatabase(`contract_${count++}`) }),
};

for (const [kind, make] of Object.entries(databases)) {
  describe(`database contract: ${kind}`, { skip: typeof make === 'string' ? make : false }, () => {
    let config: DatabaseConfig;
    let db: Database;
    before(async () => {
      assert.ok(typeof make !== 'string');
      config = await make();
      db = await openDatabase(config);
    });
    after(() => db?.destroy());

    test('opens again with what was written, and its schema once', async () => {
      await db.insertInto('settings').values({ key: 'a', value: '1' }).execute();
      await db.destroy();
      db = await openDatabase(config);
      const row = await db.selectFrom('settings').selectAll().where('key', '=', 'a').executeTakeFirst();
      assert.deepEqual({ ...row }, { key: 'a', value: '1' });
      const versions = await sql<{ version: number }>`select version from xylem_schema`.execute(db);
      assert.deepEqual(
        versions.rows.map((r) => r.version),
        versions.rows.map((_, index) => index + 1),
      );
    });

    test('refuses a schema of a newer program', async () => {
      await sql`insert into xylem_schema (version) values (99)`.execute(db);
      await assert.rejects(openDatabase(config), { code: 'E_STATE_VERSION' });
      await sql`delete from xylem_schema where version = 99`.execute(db);
    });

    test('keeps whole numbers, bytes and sequences as they are', async () => {
      await db
        .insertInto('tenants')
        .values({ tenant: 'acme', created_ms: Number.MAX_SAFE_INTEGER })
        .execute();
      const tenant = await db.selectFrom('tenants').selectAll().executeTakeFirstOrThrow();
      assert.equal(tenant.created_ms, Number.MAX_SAFE_INTEGER);
      const digest = Buffer.from('00ff'.repeat(16), 'hex');
      await db
        .insertInto('chunks')
        .values({ domain: 'd', digest, size: 1, pack_id: 1, frame: 0, offset_in_frame: 0 })
        .execute();
      const chunk = await db
        .selectFrom('chunks')
        .select('digest')
        .where('digest', '=', digest)
        .executeTakeFirstOrThrow();
      assert.deepEqual(Buffer.from(chunk.digest), digest);
      const addPack = (pack: string) =>
        db
          .insertInto('packs')
          .values({ domain: 'd', pack, size_bytes: 1 })
          .returning('id')
          .executeTakeFirstOrThrow();
      const first = await addPack('a');
      assert.equal((await addPack('b')).id, first.id + 1);
    });

    test('undoes a transaction that throws, and keeps others out of it', async () => {
      await assert.rejects(
        db.transaction().execute(async (trx) => {
          await trx.insertInto('settings').values({ key: 'undone', value: '1' }).execute();
          throw new Error('stop');
        }),
      );
      assert.equal(await settingOf(db, 'undone'), undefined);
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          db.transaction().execute((trx) =>
            trx
              .insertInto('settings')
              .values({ key: `t${i}`, value: 'x' })
              .execute(),
          ),
        ),
      );
      const { n } = await db
        .selectFrom('settings')
        .select((e) => e.fn.countAll<number>().as('n'))
        .where('key', 'like', 't%')
        .executeTakeFirstOrThrow();
      assert.equal(n, 20);
    });

    test('compare-and-set: of two that read the same version one wins', async () => {
      await db.insertInto('settings').values({ key: 'cas', value: '1' }).execute();
      const attempt = (value: string) =>
        db
          .updateTable('settings')
          .set({ value })
          .where('key', '=', 'cas')
          .where('value', '=', '1')
          .executeTakeFirstOrThrow();
      const results = await Promise.all([attempt('2'), attempt('3')]);
      assert.equal(results.filter((r) => r.numUpdatedRows === 1n).length, 1);
    });

    test('refuses what breaks a key, unique or foreign', async () => {
      const environment = {
        id: 'e',
        tenant: 'nobody',
        environment: 'x',
        yaml: '',
        yaml_version: 1,
        created_ms: 0,
      };
      await assert.rejects(db.insertInto('environments').values(environment).execute());
      const mine = { ...environment, tenant: 'acme' };
      await db.insertInto('environments').values(mine).execute();
      await assert.rejects(
        db
          .insertInto('environments')
          .values({ ...mine, id: 'f' })
          .execute(),
      );
    });
  });
}

async function settingOf(db: Database, key: string): Promise<string | undefined> {
  return (await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst())?.value;
}
