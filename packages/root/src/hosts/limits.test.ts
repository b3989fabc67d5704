import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LinkLimit, lookUpHost } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { limiting } from './limits.ts';

const times = { from: '08:00', to: '18:00', zone: 'Europe/Berlin' };

test('what is said for the same hours is replaced, nothing at all takes everything away', () => {
  const after = (before: readonly LinkLimit[], said: readonly LinkLimit[]): unknown => {
    const columns = limiting(before, said);
    return columns === null ? null : JSON.parse(columns.link_limits);
  };
  const both = [{ down: 9_000 }, { down: 8_000, times }];
  assert.deepEqual(after([{ down: 9_000 }], [{ down: 8_000, times }]), both);
  assert.deepEqual(after(both, [{ serve: 10_000 }]), [{ serve: 10_000 }, { down: 8_000, times }]);
  assert.equal(after(both, [{ down: 8_000, times }]), null);
  assert.deepEqual(after(both, []), []);
  assert.equal(after([], []), null);
  const many = Array.from({ length: 17 }, (_, n) => ({
    down: 9_000,
    times: { ...times, from: `00:${10 + n}` },
  }));
  assert.throws(() => limiting([], many), { code: 'E_INPUT' });
});

test('a host hears in signed direction what its links may carry', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  const tuf = await tempFolder(t, 'tuf');
  const heard = async () => {
    const state = await host.desiredState(tuf);
    const entry = await lookUpHost(state.hostMap, host.id, async (digest) => {
      return (await host.get(`/o/${state.environment}/${digest}`)).body;
    });
    return entry?.limits;
  };
  const limit = async (limits: LinkLimit[], dryRun = false): Promise<number> => {
    const body = { select: { hosts: ['web-1'] }, limits, dryRun };
    return (await root.api('hostLimit', { body: body as never })).changed;
  };
  assert.equal(await heard(), undefined);
  const said = [{ down: 200_000, times: { ...times, days: ['mo', 'fr'] as const } }];
  assert.equal(await limit(said, true), 1);
  assert.equal(await heard(), undefined);
  assert.equal(await limit(said), 1);
  assert.deepEqual(await heard(), said);
  assert.deepEqual((await root.api('hostShow', { params: { host: 'web-1' } })).limits, said);
  await assert.rejects(limit([{ down: 9_000, times: { ...times, zone: 'Europe/Nowhere' } }]), {
    code: 'E_INPUT',
  });
  await assert.rejects(limit([{ times }]), { code: 'E_INPUT' });
  await assert.rejects(limit([{ down: 10 }]), { code: 'E_INPUT' });
  assert.equal(await limit([]), 1);
  assert.equal(await heard(), undefined);
});
