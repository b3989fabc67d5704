import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type EnvironmentId, parseRenewAnswer } from '@xylem/core';
import { cleanup, postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { buildMoveRequest } from '@xylem/trust';
import { sql } from 'kysely';
import { openDatabase } from '../db/open.ts';
import { ApiProblem } from '../testing/api-client.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { type TwoTenants, twoTenants } from '../testing/two-tenants.ts';
import { hostCame } from './came.ts';

const refused = (code: string) => (error: unknown) => error instanceof ApiProblem && error.code === code;
const admin = (scope: string) => ({ role: 'admin', scope }) as const;
const move = { select: { hosts: ['acme-web-1'] }, environment: 'globex/production' };

async function asked({ root }: TwoTenants, more: object = {}): Promise<string> {
  const { asks, request } = await root.api('hostMoveEnvironment', { body: { ...move, ...more } });
  assert.ok(asks && request !== null);
  return request.id;
}

/** The host does what an agent does: a certificate of the new environment, and a report from there. */
async function comes({ web, to }: TwoTenants): Promise<void> {
  const answer = await web.post('/renew', buildMoveRequest(web.key, web.id, to as EnvironmentId));
  assert.equal(answer.status, 200);
  assert.equal(parseRenewAnswer(answer.body).name, 'globex/production');
  assert.equal(await web.report([], { environment: to as EnvironmentId }), 202);
}

const own = cleanup();
after(() => own.run());
const server = await postgres(own);
for (const kind of ['sqlite', 'postgres'] as const) {
  const skip = kind === 'postgres' && 'skip' in server ? server.skip : false;
  describe(`a move between tenants: ${kind}`, { skip }, () => {
    test('both sides approve, the host goes, and each side sees its own', async (t) => {
      const database =
        kind === 'sqlite' || 'skip' in server
          ? {}
          : { database: { kind, url: await server.createDatabase('moves') } as const };
      const site = await twoTenants(t, database);
      const { root, web, from, to } = site;
      const anna = await site.person('anna', admin('acme'));
      const gus = await site.person('gus', admin('globex'));
      await web.report([]);
      const id = await asked(site);
      assert.equal((await root.api('hostShow', { params: { host: web.id } })).movingFrom, null);

      // The taking side: the tenant, ids, a count.
      const seen = await gus.api('moveShow', { params: { id } });
      assert.deepEqual([seen.from, seen.hosts, seen.sides], ['acme', 1, ['takes']]);
      assert.deepEqual(seen.hostList, [{ id: web.id, state: 'waits', was: null }]);
      for (const text of ['acme-web-1', 'acme-secret-role', 'acme/production', 'operator'])
        assert.ok(!JSON.stringify(seen).includes(text), text);
      assert.equal((await gus.api('hostList', {})).total, 0);

      const first = await gus.api('moveApprove', { params: { id }, body: {} });
      assert.deepEqual([first.state, first.takes?.by, first.gives], ['open', 'person/gus', null]);
      await assert.rejects(gus.api('moveApprove', { params: { id }, body: {} }), refused('E_CONFLICT'));
      const mine = await anna.api('moveShow', { params: { id } });
      assert.deepEqual([mine.takes?.by, mine.hostList[0]?.was?.name], [null, 'acme-web-1']);
      const done = await anna.api('moveApprove', { params: { id }, body: {} });
      assert.equal(done.state, 'approved');

      // On the way: the old entry stands with `leave`, without keys; the new tenant hears nothing of before.
      const directed = JSON.parse((await web.get(`/r/${from}/metadata/timestamp.json`)).body.toString());
      assert.ok(directed.signed);
      const there = await gus.api('hostShow', { params: { host: web.id } });
      assert.deepEqual([there.labels, there.movingFrom, there.lastReport], [{}, 'acme', null]);
      assert.equal((await anna.api('hostList', {})).total, 0);
      await web.report([], { waiting: [] });
      assert.equal((await gus.api('hostShow', { params: { host: web.id } })).lastReport, null);

      await comes(site);
      assert.equal((await gus.api('hostShow', { params: { host: web.id } })).movingFrom, null);
      // What it was is readable to the one it left, and to nobody else; nothing newer.
      const kept = (await anna.api('moveShow', { params: { id } })).hostList[0]?.was;
      assert.deepEqual(kept?.labels, { role: 'acme-secret-role' });
      assert.equal(kept?.report?.['environment'], from);
      assert.equal(JSON.stringify(await gus.api('moveShow', { params: { id } })).includes('role'), false);
      await assert.rejects(anna.api('hostShow', { params: { host: web.id } }), refused('E_NOT_FOUND'));
      // Its old certificate reads nothing of the old environment here.
      assert.equal((await web.get(`/r/${from}/metadata/timestamp.json`)).status, 404);
      // The audit log: each side its own environment, the other side as a tenant.
      const log = JSON.stringify((await gus.api('auditList', { query: { limit: '100' } })).entries);
      for (const text of ['anna', 'acme-web-1', 'acme-secret-role', from])
        assert.ok(!log.includes(text), text);
      assert.ok(log.includes('tenant/acme') && log.includes(to));
      const theirs = JSON.stringify((await anna.api('auditList', { query: { limit: '100' } })).entries);
      assert.ok(!theirs.includes('gus') && theirs.includes('tenant/globex'));
    });

    test('two that approve at once are both counted, and the hosts go once', async (t) => {
      const database =
        kind === 'sqlite' || 'skip' in server
          ? {}
          : { database: { kind, url: await server.createDatabase('at_once') } as const };
      const site = await twoTenants(t, database);
      const people = [await site.person('anna', admin('acme')), await site.person('gus', admin('globex'))];
      const id = await asked(site);
      const labelled = site.root.api('hostLabel', {
        body: { select: { hosts: ['acme-web-1'] }, set: { late: 'acme-late-label' } },
      });
      await Promise.all([
        labelled,
        ...people.map(({ api }) => api('moveApprove', { params: { id }, body: {} })),
      ]);
      const { state, gives, takes } = await site.root.api('moveShow', { params: { id } });
      assert.deepEqual([state, gives !== null, takes !== null], ['approved', true, true]);
      const carried = await site.root.api('auditList', { query: { what: 'move.carry-out' } });
      assert.equal(carried.entries.length, 2, 'one for each side');
      const there = await site.root.api('hostShow', { params: { host: site.web.id } });
      assert.deepEqual([there.environment.name, there.labels], ['globex/production', {}]);
    });
  });
}

test('a host that is retired while both approve goes nowhere', {
  skip: 'skip' in server ? server.skip : false,
}, async (t) => {
  if ('skip' in server) return;
  const url = await server.createDatabase('retired');
  const site = await twoTenants(t, { database: { kind: 'postgres', url } });
  const { root, web } = site;
  const id = await asked(site);
  await root.api('moveApprove', { params: { id }, body: { side: 'gives' } });
  const db = await openDatabase({ kind: 'postgres', url });
  t.after(() => db.destroy());
  const last = await db.transaction().execute(async (trx) => {
    await trx.updateTable('hosts').set({ retired: 1 }).where('id', '=', web.id).execute();
    const answer = root.api('moveApprove', { params: { id }, body: { side: 'takes' } }).then(
      ({ state }) => state,
      (error: unknown) => (error as ApiProblem).code,
    );
    await waitUntil(async () => {
      const { rows } =
        await sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`.execute(
          db,
        );
      return rows.length > 0;
    });
    return { answer };
  });
  assert.equal(await last.answer, 'E_CONFLICT');
  assert.equal((await root.api('moveShow', { params: { id } })).state, 'open');
});

test('a report from where a host came, said late again, ends no other way', async (t) => {
  const { root, web, from, to } = await twoTenants(t);
  const third = (await root.api('environmentCreate', { body: { name: 'globex/staging' } })).id;
  const db = await openDatabase({ kind: 'sqlite', file: `${root.folder}/root.db` });
  t.after(() => db.destroy());
  await db
    .updateTable('hosts')
    .set({ environment: third, moving_from: to })
    .where('id', '=', web.id)
    .execute();
  const movingFrom = async () =>
    (await db.selectFrom('hosts').select('moving_from').where('id', '=', web.id).executeTakeFirst())
      ?.moving_from;
  await hostCame(db, web.id, from, 0);
  assert.equal(await movingFrom(), to);
  await hostCame(db, web.id, to, 0);
  assert.equal(await movingFrom(), null);
});

test('who is of neither side, and who asks for what does not exist, hear the same', async (t) => {
  const site = await twoTenants(t);
  await site.root.api('environmentCreate', { body: { name: 'other/production' } });
  const stranger = await site.person('eve', admin('other'));
  const id = await asked(site);
  const answerOf = async (asking: () => Promise<unknown>): Promise<string> => {
    const error = await asking().then(
      () => assert.fail('it was answered'),
      (problem: unknown) => problem,
    );
    assert.ok(error instanceof ApiProblem);
    return error.message.replace(/m-[0-9a-f]{12}/, 'ID');
  };
  const nothing = 'm-0123456789ab';
  for (const [one, other] of [
    [
      () => stranger.api('moveShow', { params: { id } }),
      () => stranger.api('moveShow', { params: { id: nothing } }),
    ],
    [
      () => stranger.api('moveApprove', { params: { id }, body: {} }),
      () => stranger.api('moveApprove', { params: { id: nothing }, body: {} }),
    ],
    [
      () => stranger.api('moveCancel', { params: { id } }),
      () => stranger.api('moveCancel', { params: { id: nothing } }),
    ],
  ] as const)
    assert.equal(await answerOf(one), await answerOf(other));
  assert.deepEqual((await stranger.api('moveList', {})).moves, []);

  // An operator of acme sees no other tenant: the answers about one that is there and one that isn't are alike.
  const oskar = await site.person('oskar', { role: 'operator', scope: 'acme' });
  const requests: unknown[] = [];
  await site.root.api('moveCancel', { params: { id } });
  for (const environment of ['globex/production', 'nobody/anywhere00']) {
    const { request } = await oskar.api('hostMoveEnvironment', { body: { ...move, environment } });
    assert.ok(request !== null);
    await oskar.api('moveCancel', { params: { id: request.id } });
    requests.push({ ...request, id: '', to: '', asked: '', expires: '' });
  }
  assert.deepEqual(requests[0], requests[1]);
  // A request made in vain does not come alive with the environment.
  const late = await oskar.api('hostMoveEnvironment', { body: { ...move, environment: 'late/production' } });
  await site.root.api('environmentCreate', { body: { name: 'late/production' } });
  const landlord = await site.person('lena', admin('late'));
  await assert.rejects(
    landlord.api('moveShow', { params: { id: late.request?.id ?? '' } }),
    refused('E_NOT_FOUND'),
  );
});

test('who may approve: the tenant’s administrators, each for their side', async (t) => {
  const site = await twoTenants(t);
  const { root } = site;
  const id = await asked(site);
  const oskar = await site.person('oskar', { role: 'operator', scope: 'acme' });
  const local = await site.person('lea', admin('acme/production'));
  const gus = await site.person('gus', admin('globex'));
  for (const { api } of [oskar, local])
    await assert.rejects(api('moveApprove', { params: { id }, body: {} }), refused('E_FORBIDDEN'));
  await assert.rejects(
    gus.api('moveApprove', { params: { id }, body: { side: 'gives' } }),
    refused('E_FORBIDDEN'),
  );
  await assert.rejects(gus.api('moveCancel', { params: { id } }), refused('E_FORBIDDEN'));
  // Who has both says for which, each by itself.
  await assert.rejects(root.api('moveApprove', { params: { id }, body: {} }), refused('E_INPUT'));
  await root.api('moveApprove', { params: { id }, body: { side: 'gives' } });
  const done = await root.api('moveApprove', {
    params: { id },
    body: { side: 'takes', parents: ['https://relay.globex:8442'] },
  });
  assert.equal(done.state, 'approved');
  const { parents } = await root.api('hostShow', { params: { host: site.web.id } });
  assert.deepEqual(parents, ['https://relay.globex:8442']);
  await assert.rejects(root.api('moveCancel', { params: { id } }), refused('E_CONFLICT'));
});

test('refusing, taking back and letting expire each end it', async (t) => {
  const clock = shiftedClock(-30 * 24 * 3600_000);
  const site = await twoTenants(t, { clock });
  const { root } = site;
  const gus = await site.person('gus', admin('globex'));
  const first = await asked(site);
  await gus.api('moveApprove', { params: { id: first }, body: {} });
  const no = await gus.api('moveRefuse', { params: { id: first }, body: { reason: 'not ours' } });
  assert.deepEqual([no.state, no.endedBy, no.reason], ['refused', 'takes', 'not ours']);
  const second = await asked(site, { expiresInSeconds: 60 });
  await assert.rejects(asked(site), refused('E_CONFLICT'));
  await root.api('moveApprove', { params: { id: second }, body: { side: 'gives' } });
  clock.pass(61_000);
  await assert.rejects(
    root.api('moveApprove', { params: { id: second }, body: { side: 'takes' } }),
    refused('E_CONFLICT'),
  );
  assert.equal((await root.api('moveShow', { params: { id: second } })).state, 'expired');
  // Half approved and expired, it stands in nobody's way.
  const third = await asked(site);
  await root.restart();
  await waitUntil(
    async () => (await gus.api('auditList', { query: { what: 'move.expire' } })).entries.length === 1,
    20_000,
    'it is written down',
  );
  assert.equal((await root.api('moveShow', { params: { id: second } })).state, 'expired');
  assert.equal((await root.api('moveShow', { params: { id: third } })).state, 'open');
});

test('an approval is void when who gave it may do so no more', async (t) => {
  const site = await twoTenants(t);
  const { root } = site;
  const gus = await site.person('gus', admin('globex'));
  const id = await asked(site);
  await gus.api('moveApprove', { params: { id }, body: {} });
  await root.api('personGrants', { params: { name: 'gus' }, body: { remove: [admin('globex')] } });
  const held = await root.api('moveApprove', { params: { id }, body: { side: 'gives' } });
  assert.deepEqual([held.state, held.takes], ['open', null]);
  assert.match(held.note ?? '', /no more/);
  const done = await root.api('moveApprove', { params: { id }, body: { side: 'takes' } });
  assert.equal(done.state, 'approved');
});

test('what became of a host meanwhile is looked at when both have approved', async (t) => {
  const site = await twoTenants(t);
  const { root, web } = site;
  const id = await asked(site);
  await root.api('moveApprove', { params: { id }, body: { side: 'gives' } });
  await root.api('hostRetire', { body: { select: { hosts: [web.id] } } });
  await assert.rejects(
    root.api('moveApprove', { params: { id }, body: { side: 'takes' } }),
    refused('E_CONFLICT'),
  );
  // Who takes hears which host by its id: its name is the giving side's.
  const gus = await site.person('gus', admin('globex'));
  await assert.rejects(
    gus.api('moveApprove', { params: { id }, body: {} }),
    (error: unknown) =>
      refused('E_CONFLICT')(error) && String(error).includes(web.id) && !/acme-web/.test(String(error)),
  );
  const relay = await site.joined('acme-relay');
  await root.api('hostServe', { body: { select: { hosts: [relay.id] }, serve: true } });
  const body = { select: { hosts: [relay.id] }, environment: 'globex/production' };
  await assert.rejects(
    root.api('hostMoveEnvironment', { body }),
    (error: unknown) => refused('E_CONFLICT')(error) && /--stop/.test(String(error)),
  );
  await assert.rejects(
    root.api('hostMoveEnvironment', { body: { ...move, environment: 'acme/production', keepData: true } }),
    refused('E_NOT_FOUND'),
  );
});

test('hosts whose trust map lacks a release repository are refused before anything moves', async (t) => {
  const site = await twoTenants(t);
  const { root, web } = site;
  const params = { tenant: 'globex', environment: 'production' };
  const yaml = 'environment: globex/production\nproducts:\n  shop: {}\n';
  await root.api('environmentYamlPut', { params, body: { baseVersion: 1, yaml } });
  const db = await openDatabase({ kind: 'sqlite', file: `${root.folder}/root.db` });
  t.after(() => db.destroy());
  const repository = 'e'.repeat(32);
  await db
    .insertInto('products')
    .values({ product: 'shop', domain: 'd'.repeat(32), repository, created_ms: 0 })
    .execute();
  const noted = await db.selectFrom('hosts').select('releases').where('id', '=', web.id).executeTakeFirst();
  assert.ok(!(noted?.releases ?? '').includes(repository));
  const isTold = (error: unknown) => refused('E_TRUST')(error) && /join it there/.test(String(error));
  await assert.rejects(root.api('hostMoveEnvironment', { body: move }), isTold);
  // Who does not see the other tenant is not told what it maps; who approves for that is.
  const oskar = await site.person('oskar', { role: 'operator', scope: 'acme' });
  const { request } = await oskar.api('hostMoveEnvironment', { body: move });
  const id = request?.id ?? '';
  await assert.rejects(root.api('moveApprove', { params: { id }, body: { side: 'takes' } }), isTold);
  const gus = await site.person('gus', admin('globex'));
  await assert.rejects(
    gus.api('moveApprove', { params: { id }, body: {} }),
    (error: unknown) => isTold(error) && String(error).includes(web.id) && !/acme-web/.test(String(error)),
  );
  assert.equal(
    (await root.api('hostShow', { params: { host: web.id } })).environment.name,
    'acme/production',
  );
});

test('killed between approval and direction, the root server says it when it starts', async (t) => {
  const site = await twoTenants(t);
  const { root, web, from } = site;
  const id = await asked(site);
  await root.api('moveApprove', { params: { id }, body: { side: 'gives' } });
  // The transaction alone, as a root server that ends right after it leaves it.
  const db = await openDatabase({ kind: 'sqlite', file: `${root.folder}/root.db` });
  const before = await db
    .selectFrom('directions')
    .select('number')
    .where('environment', '=', from)
    .executeTakeFirst();
  await root.api('moveApprove', { params: { id }, body: { side: 'takes' } });
  await db.destroy();
  await root.restart();
  const state = await web.desiredState(await tempFolder(t, 'tuf'));
  assert.ok(state.number > (before?.number ?? 0));
  await comes(site);
});

test('there and back again: the request is done, and the host reads its first environment as before', async (t) => {
  const site = await twoTenants(t);
  const { root, web, from } = site;
  const approve = async (id: string): Promise<void> => {
    for (const side of ['gives', 'takes'] as const)
      await root.api('moveApprove', { params: { id }, body: { side } });
  };
  const id = await asked(site);
  await approve(id);
  // Meanwhile the new tenant can't send it on, and the old one has nothing to say about it.
  const on = { select: { hosts: [web.id] }, environment: 'globex/staging' };
  await root.api('environmentCreate', { body: { name: 'globex/staging' } });
  await assert.rejects(root.api('hostMoveEnvironment', { body: on }), refused('E_BUSY'));
  await comes(site);
  await root.restart();
  await waitUntil(
    async () => (await root.api('moveShow', { params: { id } })).state === 'done',
    20_000,
    'it is written down',
  );
  const path = `/r/${from}/metadata/timestamp.json`;
  assert.equal((await web.get(path)).status, 404);
  const back = { select: { hosts: [web.id] }, environment: 'acme/production' };
  const { request } = await root.api('hostMoveEnvironment', { body: back });
  await approve(request?.id ?? '');
  assert.equal((await web.get(path)).status, 200);
  assert.equal(await web.report([], { environment: from as EnvironmentId }), 202);
  assert.equal((await root.api('hostShow', { params: { host: web.id } })).movingFrom, null);
  assert.equal((await web.get(path)).status, 200);
});

test('a host that is lost on the way is retired by its new tenant, and the request is done', async (t) => {
  const site = await twoTenants(t);
  const { root, web } = site;
  const id = await asked(site);
  for (const side of ['gives', 'takes'] as const)
    await root.api('moveApprove', { params: { id }, body: { side } });
  const gus = await site.person('gus', admin('globex'));
  await gus.api('hostRetire', { body: { select: { hosts: [web.id] } } });
  await root.restart();
  await waitUntil(
    async () => (await gus.api('moveShow', { params: { id } })).state === 'done',
    20_000,
    'it is written down',
  );
});
