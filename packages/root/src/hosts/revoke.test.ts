import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeMs } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
import { buildRenewRequest } from '@xylem/trust';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const codeOf = (body: Buffer): string => (JSON.parse(body.toString()) as { code: string }).code;

async function site(t: Parameters<typeof rootFixture>[0]) {
  const root = await rootFixture(t, { clock: shiftedClock(0) });
  for (const name of ['acme/production', 'acme/staging', 'other/production']) {
    await root.api('environmentCreate', { body: { name } });
  }
  const tokenFor = async (environment: string, more: object = {}): Promise<string> =>
    (await root.api('tokenCreate', { body: { environment, uses: 9, ...more } })).token;
  const tuf = await tempFolder(t, 'tuf');
  const revokedBy = async (reader: FakeHost): Promise<string[]> =>
    ((await reader.desiredState(join(tuf, reader.id))).revoked ?? []).map(({ host }) => host);
  return { root, tokenFor, tuf, revokedBy };
}

test('a revoked host is refused at once: connections, reading, reporting, renewing, joining by its key', async (t) => {
  const { root, tokenFor, revokedBy } = await site(t);
  const token = await tokenFor('acme/production');
  const stolen = await fakeHost(root, token, { name: 'stolen' });
  const honest = await fakeHost(root, token, { name: 'honest' });
  assert.equal(await stolen.report([]), 202);
  const before = await root.api('hostShow', { params: { host: stolen.id } });
  const environment = stolen.answer.environment.id;
  const held = assert.rejects(
    stolen.get(`/news?since=${environment}.9999999999`),
    /socket hang up|ECONNRESET/,
  );
  const timestamp = `/r/${environment}/metadata/timestamp.json`;
  assert.equal((await stolen.get(timestamp)).status, 200);

  const select = { hosts: ['stolen'] };
  const reason = 'stolen from the office';
  assert.equal((await root.api('hostRevoke', { body: { select, reason, dryRun: true } })).changed, 1);
  assert.equal((await stolen.get(timestamp)).status, 200);
  assert.equal((await root.api('hostRevoke', { body: { select, reason } })).changed, 1);
  await held;
  assert.equal((await stolen.get(timestamp)).status, 404);
  assert.equal((await stolen.get(`/news?since=${environment}.0`)).status, 403);
  assert.equal(await stolen.report([]), 403);
  assert.equal(await honest.bring(await stolen.nextReport()), 202);
  const after = await root.api('hostShow', { params: { host: stolen.id } });
  assert.deepEqual([after.state, after.lastReport], ['revoked', before.lastReport]);
  assert.equal(after.revoked?.reason, reason);
  const renewed = await stolen.post('/renew', buildRenewRequest(stolen.key, stolen.id));
  assert.equal(codeOf(renewed.body), 'E_HOST_REVOKED');
  await assert.rejects(fakeHost(root, token, { name: 'stolen', key: stolen.key }), {
    code: 'E_HOST_REVOKED',
  });
  assert.deepEqual(await revokedBy(honest), [stolen.id]);
  const why = await root.api('hostWhy', { params: { host: stolen.id } });
  assert.match(why.answer, /revoked.*stolen from the office/);
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  const entry = entries.map((one) => one.entry).find((one) => one['what'] === 'host.revoke');
  const said = entry?.['after'] as { revoked_reason: string; joinedBy: string };
  assert.equal(said.revoked_reason, reason);
  assert.equal(said.joinedBy, `token/${token.split('.')[1]}`);
  // It holds after a restart, and once is enough.
  await root.restart();
  assert.equal((await stolen.get(timestamp)).status, 404);
  assert.equal(
    (await root.api('hostRevoke', { body: { select: { hosts: [stolen.id] }, reason } })).changed,
    0,
  );
});

test('a revocation stands wherever a certificate of the host is believed, and until the last has ended', async (t) => {
  const { root, tokenFor, revokedBy } = await site(t);
  const production = await fakeHost(root, await tokenFor('acme/production'), { name: 'p' });
  const staging = await fakeHost(root, await tokenFor('acme/staging'), { name: 's' });
  const other = await fakeHost(root, await tokenFor('other/production'), { name: 'o' });
  const serving = await tokenFor('acme/production', { serve: true, serves: ['acme/staging'] });
  const relay = await fakeHost(root, serving, { name: 'relay', serve: true });
  const everywhere = await tokenFor('acme/production', { serve: true, serves: ['*'] });
  const top = await fakeHost(root, everywhere, { name: 'top', serve: true });
  // What it may serve was taken away, but its certificate of then lives on.
  await root.api('hostServe', { body: { select: { hosts: ['relay'] }, serve: false } });
  await relay.post('/renew', buildRenewRequest(relay.key, relay.id));
  const reason = 'test';
  await root.api('hostRevoke', { body: { select: { hosts: ['relay'] }, reason } });
  assert.deepEqual(await revokedBy(production), [relay.id]);
  assert.deepEqual(await revokedBy(staging), [relay.id]);
  assert.deepEqual(await revokedBy(other), []);
  await root.api('hostRevoke', { body: { select: { hosts: ['top'] }, reason } });
  assert.deepEqual(await revokedBy(other), [top.id]);
  assert.deepEqual(await revokedBy(staging), [relay.id, top.id].sort());
});

test('an expired certificate renews by the key, for 180 days; the list forgets who can speak with nobody any more', async (t) => {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock });
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 9 } });
  const day = 86_400_000;
  const host = await fakeHost(root, token, { name: 'a' });
  const lost = await fakeHost(root, token, { name: 'lost' });
  await root.api('hostRevoke', { body: { select: { hosts: ['lost'] }, reason: 'lost' } });
  const tuf = await tempFolder(t, 'tuf');
  const { revoked } = await host.desiredState(tuf);
  assert.equal(revoked?.[0]?.host, lost.id);
  const days = (timeMs(revoked[0].until) - clock.now()) / day;
  assert.ok(days > 36.9 && days <= 37, `${days} days`);
  const renew = async () => (await host.post('/renew', buildRenewRequest(host.key, host.id))).status;
  clock.pass(100 * day);
  assert.equal(await renew(), 200);
  clock.pass((30 + 181) * day);
  const late = await host.post('/renew', buildRenewRequest(host.key, host.id));
  assert.equal(codeOf(late.body), 'E_CERTIFICATE');
  // Joined again it has the same id, and what was revoked long ago is in nobody's list.
  await root.api('hostLabel', { body: { select: { hosts: ['a'] }, set: { role: 'web' } } });
  const next = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const again = await fakeHost(root, next.token, { name: 'a', key: host.key });
  assert.equal(again.id, host.id);
  assert.equal((await again.desiredState(await tempFolder(t, 'tuf'))).revoked, undefined);
});
