import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { HostId, MigrationReport, Migrations, Time } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { type FakeHost, fakeHost } from './fake-host.ts';
import { publisher } from './publisher.ts';
import { type RootFixtureOptions, rootFixture } from './root-fixture.ts';

const program = { command: ['bin/migrate'] };
const migrations: Migrations = {
  database: 'shop',
  accepts: { from: 2, to: 3 },
  steps: [
    { to: 1, phase: 'expand', ...program, fence: 'transaction', undo: program },
    { to: 2, phase: 'backfill', ...program, fence: 'transaction', undo: program },
    { to: 3, phase: 'contract', ...program, fence: 'transaction' },
  ],
  backup: program,
  restore: program,
};

/** Two hosts at 1.0.0, which knows nothing of migrations; 2.0.0 has the steps, 3.0.0 needs the new shape alone. */
export async function migratedFleet(t: TestContext, options: RootFixtureOptions = {}, policy = '') {
  const root = await rootFixture(t, options);
  const shop = await publisher(t, root, 'shop');
  const versions: [string, Migrations | undefined][] = [
    ['1.0.0', undefined],
    ['2.0.0', migrations],
    ['3.0.0', { database: 'shop', accepts: { from: 3, to: 3 } }],
  ];
  for (const [version, block] of versions) {
    await shop.publish(
      'shop-api',
      version,
      { VERSION: version },
      block && { document: { migrations: block } },
    );
    await shop.release(version, { 'shop-api': version });
  }
  const { id, name } = await root.api('environmentCreate', {
    body: { name: 'production', yaml: `environment: production\nproducts:\n  shop: {}\n${policy}` },
  });
  const [tenant = '', environment = ''] = name.split('/');
  const params = { tenant, environment };
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: 10 } });
  const [a, b] = [await fakeHost(root, token, { name: 'a' }), await fakeHost(root, token, { name: 'b' })];
  const folder = await tempFolder(t, 'tuf');
  const state = () => a.desiredState(folder);
  const deploy = (version: string, kind: 'deploy' | 'rollback' = 'deploy') =>
    root.api('deploymentCreate', {
      body: {
        kind,
        product: 'shop',
        version,
        environments: ['production'],
        strategy: { kind: 'all-at-once' },
      },
    });
  const runs = async (host: FakeHost): Promise<void> => {
    // The first that fits counts; what stands behind it is the former version.
    await host.report((await state()).assignments.slice(0, 1));
  };
  const order = (body: Record<string, unknown>) =>
    root.api('migrationOrder', { params, body: { database: 'shop', action: 'run', ...body } as never });
  const shown = async () => {
    const { databases } = await root.api('migrationList', { params });
    const [one] = databases;
    assert.ok(one && databases.length === 1);
    return one;
  };
  /** The runner says how it went, and direction follows. */
  const says = async (
    {
      term,
      to,
      action,
      runner,
    }: Pick<Awaited<ReturnType<typeof order>>, 'term' | 'to' | 'action' | 'runner'>,
    more: Partial<MigrationReport> = {},
  ): Promise<void> => {
    const said: MigrationReport = {
      database: 'shop',
      term,
      action,
      to,
      state: 'done',
      begun: true,
      attempt: 1,
      since: '2026-11-21T03:28:06Z' as Time,
      ...more,
    };
    const host = [a, b].find((one) => one.id === (runner.host as HostId));
    assert.ok(host);
    await host.report(undefined, { migrations: [said] });
    await waitUntil(
      async () => {
        const { last } = await shown();
        return last?.term === term && last.doing === said.state ? last : null;
      },
      20_000,
      `${said.state} of term ${term}`,
    );
  };
  const schemas = (oldest: number, newest: number) =>
    waitUntil(
      async () => isDeepStrictEqual((await state()).schemas?.['shop'], { oldest, newest }) || null,
      30_000,
      `schemas ${oldest} to ${newest} are directed`,
    );
  return { root, id, params, a, b, state, deploy, runs, order, shown, says, schemas };
}
