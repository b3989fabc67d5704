import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandomness } from '@xylem/platform';
import { buildJoinRequest, generateKey, parseToken } from '@xylem/trust';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

async function site(t: Parameters<typeof rootFixture>[0]) {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock });
  for (const name of ['acme/production', 'other/production']) {
    await root.api('environmentCreate', { body: { name } });
  }
  const tokenFor = async (more: object = {}) =>
    await root.api('tokenCreate', { body: { environment: 'acme/production', ...more } });
  const count = async () => (await root.api('hostList', { query: { retired: 'true' } })).total;
  return { clock, root, tokenFor, count };
}

test('of twenty that join at once by a token of three uses, three are in', async (t) => {
  const { root, tokenFor, count } = await site(t);
  const { token } = await tokenFor({ uses: 3 });
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => fakeHost(root, token, { name: `h${index}` })),
  );
  const refused = tries.flatMap((one) =>
    one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
  );
  assert.deepEqual(
    refused,
    Array.from({ length: 17 }, () => 'E_JOIN_TOKEN'),
  );
  assert.equal(await count(), 3);
});

test('one key that joins twice at once is one host, and takes two uses', async (t) => {
  const { root, tokenFor, count } = await site(t);
  const { token } = await tokenFor({ uses: 2 });
  const key = generateKey();
  const both = await Promise.all([
    fakeHost(root, token, { name: 'a', key }),
    fakeHost(root, token, { name: 'a', key }),
  ]);
  assert.equal(both[0].id, both[1].id);
  assert.equal(await count(), 1);
  await assert.rejects(fakeHost(root, token, { name: 'b' }), { code: 'E_JOIN_TOKEN' });
});

test('an expired, a deleted and a used up token let nobody in, and say the same', async (t) => {
  const { clock, root, tokenFor, count } = await site(t);
  const expired = await tokenFor({ expiresInSeconds: 60 });
  const deleted = await tokenFor();
  await root.api('tokenDelete', { params: { id: deleted.id } });
  const used = await tokenFor();
  await fakeHost(root, used.token, { name: 'first' });
  clock.pass(61_000);
  const messages = new Set<string>();
  for (const { token } of [expired, deleted, used]) {
    await assert.rejects(fakeHost(root, token, { name: 'late' }), (error: Error & { code: string }) => {
      messages.add(error.message);
      return error.code === 'E_JOIN_TOKEN';
    });
  }
  assert.equal(messages.size, 1);
  assert.equal(await count(), 1);
});

test('a token gives its environment and its rights, whatever the request says', async (t) => {
  const { root, tokenFor, count } = await site(t);
  const { token, id } = await tokenFor({ uses: 9 });
  await assert.rejects(fakeHost(root, token, { name: 'relay', serve: true }), { code: 'E_FORBIDDEN' });
  assert.equal(await count(), 0);
  const left = async () => (await root.api('tokenList')).tokens.find((one) => one.id === id)?.usesLeft;
  assert.equal(await left(), 9, 'what was refused used nothing');
  // A host of one environment is not drawn into another one by a token of that.
  const host = await fakeHost(root, token, { name: 'a' });
  const other = await root.api('tokenCreate', { body: { environment: 'other/production' } });
  await assert.rejects(fakeHost(root, other.token, { name: 'a', key: host.key }), { code: 'E_CONFLICT' });
  const shown = await root.api('hostShow', { params: { host: 'a' } });
  assert.equal(shown.environment.name, 'acme/production');
  // Who only read the token's id, or changed the request on its way, has no MAC.
  const parsed = parseToken(token);
  const forged = { ...parsed, secret: Uint8Array.from(systemRandomness.bytes(32)) };
  const request = buildJoinRequest({
    token: forged,
    key: generateKey(),
    name: 'x',
    serve: false,
    facts: {},
    randomness: systemRandomness,
  });
  const answer = await host.post('/join', request.body);
  assert.equal((JSON.parse(answer.body.toString()) as { code: string }).code, 'E_JOIN_MAC');
  assert.equal(await left(), 8);
});
