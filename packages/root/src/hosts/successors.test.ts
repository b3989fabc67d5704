import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

async function site(t: Parameters<typeof rootFixture>[0]) {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock });
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const tokenFor = async (more: object = {}): Promise<string> =>
    (await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 9, ...more } })).token;
  const show = (id: string) => root.api('hostShow', { params: { host: id } });
  return { clock, root, tokenFor, show };
}

test('a name alone takes nothing from a host that lives, and only the place of one that is silent', async (t) => {
  const { clock, root, tokenFor, show } = await site(t);
  const token = await tokenFor();
  const old = await fakeHost(root, token, { name: 'db-1' });
  await root.api('hostLabel', { body: { select: { hosts: ['db-1'] }, set: { role: 'db' } } });
  await old.report([]);
  const next = await fakeHost(root, token, { name: 'db-1' });
  await next.report([]);
  // The default period is an hour; the root server looks each minute, and once more when it starts anew.
  const look = async (): Promise<void> => {
    await root.restart();
    await root.api('status');
  };
  clock.pass(2 * 3600_000);
  await look();
  assert.deepEqual([(await show(old.id)).retired, (await show(next.id)).retired], [false, false]);
  clock.pass(2 * 3600_000);
  await look();
  await waitUntil(async () => (await show(old.id)).retired);
  const after = await show(old.id);
  assert.equal(after.replacedBy, next.id);
  assert.deepEqual((await show(next.id)).labels, {});
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  assert.equal(entries.filter(({ entry }) => entry['what'] === 'host.replace').length, 1);
});

test('one that reports after its namesake joined stays, however silent it falls later', async (t) => {
  const { clock, root, tokenFor, show } = await site(t);
  const token = await tokenFor();
  const old = await fakeHost(root, token, { name: 'db-1' });
  await old.report([]);
  clock.pass(1000);
  const next = await fakeHost(root, token, { name: 'db-1' });
  await next.report([]);
  clock.pass(1000);
  await old.report([]);
  await root.restart();
  await waitUntil(async () => (await show(next.id)).replaces === null);
  clock.pass(9 * 3600_000);
  await root.restart();
  await root.api('status');
  assert.equal((await show(old.id)).retired, false);
});

test('a token that says so, or an operator, gives the place at once with labels, parents and configuration', async (t) => {
  const { root, tokenFor, show } = await site(t);
  const first = await fakeHost(root, await tokenFor({ labels: { site: 'muc' } }), { name: 'db-1' });
  const parents = ['https://relay:1'];
  await root.api('hostLabel', { body: { select: { hosts: ['db-1'] }, set: { role: 'db' } } });
  await root.api('hostMove', { body: { select: { hosts: ['db-1'] }, parents } });
  await first.report([]);
  const replacing = await tokenFor({ replaces: 'db-1', labels: { rack: '7' } });
  // Under another name it takes nobody's place.
  const stranger = await fakeHost(root, replacing, { name: 'db-2' });
  assert.equal((await show(first.id)).retired, false);
  assert.deepEqual((await show(stranger.id)).labels, { rack: '7' });
  const second = await fakeHost(root, replacing, { name: 'db-1' });
  assert.equal((await show(first.id)).replacedBy, second.id);
  const shown = await show(second.id);
  assert.deepEqual([shown.labels, shown.parents], [{ rack: '7', site: 'muc', role: 'db' }, parents]);
  const third = await fakeHost(root, await tokenFor(), { name: 'db-1' });
  await assert.rejects(root.api('hostReplace', { body: { old: 'db-1', next: third.id } }), {
    code: 'E_CONFLICT',
  });
  await root.api('hostReplace', { body: { old: second.id, next: third.id } });
  assert.deepEqual((await show(third.id)).labels, { rack: '7', site: 'muc', role: 'db' });
  assert.equal((await show(second.id)).retired, true);
});
