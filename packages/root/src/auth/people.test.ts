import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { apiClient } from '../testing/api-client.ts';
import { type RootFixture, rootFixture } from '../testing/root-fixture.ts';
import type { ShiftedClock } from '../testing/shifted-clock.ts';
import { delayMs, waitLeftMs } from './throttle.ts';

const password = 'correct horse battery';
const grants = [{ role: 'operator' as const, scope: 'acme' }];

async function withAnna(t: TestContext): Promise<{ root: RootFixture; clock: ShiftedClock }> {
  const clock = stoppedClock();
  const root = await rootFixture(t, { clock });
  await root.api('personCreate', { body: { name: 'anna', password, grants } });
  return { root, clock };
}

/** Time that passes only when it is told to. */
function stoppedClock(): ShiftedClock {
  let nowMs = systemClock.now() - 24 * 3600_000;
  return {
    ...systemClock,
    now: () => nowMs,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

const signIn = async (root: RootFixture, name: string, given: string) =>
  (await root.api('signIn', { body: { name, password: given, device: 'laptop' } })).token;
const as = (root: RootFixture, token: string) => apiClient(() => root.running().apiUrl, token);

test('a person signs in, is who they are in the audit log, and is signed out after twelve hours', async (t) => {
  const { root, clock } = await withAnna(t);
  const token = await signIn(root, 'anna', password);
  const anna = as(root, token);
  const { kind, name, grants: held } = await anna('whoami');
  assert.deepEqual([kind, name, held], ['person', 'anna', grants]);
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  await anna('tokenCreate', { body: { environment: 'acme/production' } });
  const { entries } = await root.api('auditList', { query: { who: 'person/anna' } });
  assert.deepEqual(
    entries.map(({ entry }) => entry['what']),
    ['session.open', 'token.create'],
  );
  const log = JSON.stringify(await root.api('auditList', { query: { limit: '1000' } }));
  assert.ok(!log.includes(password) && !log.includes('argon2id') && !log.includes(token.slice(-43)));
  clock.pass(12 * 3600_000);
  await assert.rejects(anna('whoami'), { status: 401 });
});

test('unknown, wrong and disabled answer the same; the hash tells nothing of two equal passwords', async (t) => {
  const { root } = await withAnna(t);
  await root.api('personCreate', { body: { name: 'eve', password } });
  await root.api('personDisable', { params: { name: 'eve' }, body: { disabled: true } });
  const answers: string[] = [];
  for (const [name, given] of [
    ['anna', 'wrong'],
    ['nobody', 'wrong'],
    ['eve', password],
  ] as const) {
    answers.push(await signIn(root, name, given).catch((error: Error) => error.message));
  }
  assert.equal(new Set(answers).size, 1);
  assert.match(answers[0] ?? '', /401 E_UNAUTHORISED: The name or the password is wrong/);
});

test('after five failures each attempt waits longer, over a restart and however many come at once', async (t) => {
  const { root, clock } = await withAnna(t);
  const fail = () => signIn(root, 'anna', 'wrong').catch((error: { code: string }) => error.code);
  const codes = await Promise.all(Array.from({ length: 20 }, fail));
  assert.equal(codes.filter((code) => code === 'E_UNAUTHORISED').length, 5);
  assert.equal(codes.filter((code) => code === 'E_THROTTLED').length, 15);
  await root.restart();
  await assert.rejects(signIn(root, 'anna', password), { status: 429, code: 'E_THROTTLED' });
  clock.pass(1000);
  assert.equal(await fail(), 'E_UNAUTHORISED');
  clock.pass(1000);
  assert.equal(await fail(), 'E_THROTTLED');
  clock.pass(1000);
  await signIn(root, 'anna', password);
  // The account is free again; the address remembers, so that nobody clears it by signing in in between.
  assert.equal(await fail(), 'E_THROTTLED');
  clock.pass(3600_001);
  assert.equal(await fail(), 'E_UNAUTHORISED');
  assert.deepEqual([4, 5, 6, 14, 15, 99].map(delayMs), [0, 1000, 2000, 512_000, 900_000, 900_000]);
});

test('who looked at the clock before another that came at once does not wait for it', () => {
  assert.equal(waitLeftMs({ failures: 4, last_ms: 1010 }, 1000), 0);
  assert.equal(waitLeftMs({ failures: 6, last_ms: 1000 }, 1500), 1500);
  assert.equal(waitLeftMs({ failures: 6, last_ms: 1000 }, 9000), 0);
  assert.equal(waitLeftMs({ failures: 6, last_ms: 9_000_000 }, 1000), 2000, 'the clock was set back');
});

test('sessions are listed and revoked by whose they are; a new password and disabling end them', async (t) => {
  const { root } = await withAnna(t);
  const [first, second] = [await signIn(root, 'anna', password), await signIn(root, 'anna', password)];
  const anna = as(root, first);
  const { sessions } = await anna('sessionList');
  assert.equal(sessions.length, 2);
  assert.deepEqual(sessions.map(({ device, from, current }) => `${device} ${from} ${current}`).sort(), [
    'laptop 127.0.0.1 false',
    'laptop 127.0.0.1 true',
  ]);
  await root.api('personCreate', { body: { name: 'eve', password } });
  const eve = as(root, await signIn(root, 'eve', password));
  const other = sessions.find(({ current }) => !current)?.id ?? '';
  await assert.rejects(eve('sessionRevoke', { params: { id: other } }), { status: 404 });
  await anna('sessionRevoke', { params: { id: other } });
  await assert.rejects(as(root, second)('whoami'), { status: 401 });

  const third = await signIn(root, 'anna', password);
  const change = (present: string) =>
    anna('personPassword', { params: { name: 'anna' }, body: { password: `${password} two`, present } });
  await assert.rejects(change('wrong'), { status: 401 });
  await change(password);
  await assert.rejects(as(root, third)('whoami'), { status: 401 });
  assert.equal((await anna('whoami')).name, 'anna');
  const foreign = { params: { name: 'eve' }, body: { password: `${password} two`, present: password } };
  await assert.rejects(anna('personPassword', foreign), { status: 403 });
  await root.api('personDisable', { params: { name: 'anna' }, body: { disabled: true } });
  await assert.rejects(anna('whoami'), { status: 401 });
});

test('grants change what an open session may, and an administrator always remains', async (t) => {
  const { root } = await withAnna(t);
  const anna = as(root, await signIn(root, 'anna', password));
  await assert.rejects(anna('personList'), { status: 403 });
  const everything = { role: 'admin' as const, scope: '*' };
  await root.api('personGrants', { params: { name: 'anna' }, body: { add: [everything], remove: grants } });
  assert.deepEqual((await anna('personList')).people[0]?.grants, [everything]);
  const [operator] = (await anna('apiTokenList')).tokens;
  await anna('apiTokenDelete', { params: { id: operator?.id ?? '' } });
  const last = { params: { name: 'anna' }, body: { remove: [everything] } };
  await assert.rejects(anna('personGrants', last), { code: 'E_CONFLICT' });
  await assert.rejects(anna('personDisable', { params: { name: 'anna' }, body: { disabled: true } }), {
    code: 'E_CONFLICT',
  });
  assert.equal((await anna('whoami')).name, 'anna');
});
