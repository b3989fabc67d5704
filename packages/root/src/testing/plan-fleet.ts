import type { TestContext } from 'node:test';
import type { Digest, EnvironmentId, Version } from '@xylem/core';
import { silentLog, systemRandomness } from '@xylem/platform';
import { openRepository } from '@xylem/store';
import { restoredState } from '../backup/restored-state.ts';
import { createPlanDriver } from '../plans/driver.ts';
import { statePaths } from '../state/folder.ts';
import { fakeHost } from './fake-host.ts';
import { publisher } from './publisher.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from './root-fixture.ts';
import { insertRowHosts, rowHosts, settleRows, signedByRow, withDatabase } from './row-hosts.ts';

/** Many tenants, each with one environment and a few hosts, all of which run `shop@1.0.0`; `2.0.0` is published. */
export interface PlanFleet {
  readonly root: RootFixture;
  /** Full names, in their order. Every tenth one has the label `ring: '1'`, the others `ring: '2'`. */
  readonly environments: readonly string[];
  /** All hosts of these environments say that they run a version; in as few batches as a relay would send. */
  report(environments: readonly string[], version: string): Promise<void>;
}

interface FleetOptions extends RootFixtureOptions {
  readonly environments: number;
  readonly hostsEach: number;
}

const component = 'shop-web';
const createdAtOnce = 4;
const reportsInBatch = 200;

export async function planFleet(
  t: Pick<TestContext, 'after'>,
  { environments: count, hostsEach, ...options }: FleetOptions,
): Promise<PlanFleet> {
  const root = await rootFixture(t, options);
  const shop = await publisher(t, root, 'shop');
  const packages = new Map<string, Digest>();
  const releases = new Map<string, Digest>();
  for (const version of ['1.0.0', '2.0.0']) {
    packages.set(version, await shop.publish(component, version, { 'index.html': version }));
    releases.set(version, await shop.release(version, { [component]: version }));
  }
  const environments = Array.from({ length: count }, (_, i) => `t-${String(i).padStart(4, '0')}/production`);
  const ids = await created(root, environments);
  await root.api('environmentCreate', { body: { name: 'relays/all' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'relays/all' } });
  const relay = await fakeHost(root, token, { name: 'relay' });
  const hosts = new Map(
    [...ids].map(([name, environment]) => [name, rowHosts(name, environment as EnvironmentId, hostsEach)]),
  );
  await withDatabase(root, async (db) => {
    const standing = { product: 'shop', version: '1.0.0', release: releases.get('1.0.0') ?? '' };
    await settleRows(db, [...ids.values()], standing);
    await insertRowHosts(db, [...hosts.values()].flat(), root.clock.now());
  });
  const report = async (names: readonly string[], version: string) => {
    const reporting = names.flatMap((name) => hosts.get(name) ?? []);
    const running = [
      { component, product: 'shop', version: version as Version, package: packages.get(version) as Digest },
    ];
    for (let at = 0; at < reporting.length; at += reportsInBatch) {
      const batch = reporting.slice(at, at + reportsInBatch);
      await relay.bring(...batch.map((host) => signedByRow(root, relay, host, running)));
    }
  };
  await report(environments, '1.0.0');
  return { root, environments, report };
}

/** @returns ids by name */
async function created({ api }: RootFixture, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  const line = names.entries();
  const worker = async () => {
    for (const [index, name] of line) {
      const yaml = `environment: ${name}\nlabels: { ring: '${index % 10 === 0 ? 1 : 2}' }\npolicy: { after: none }\nproducts: { shop: {} }\n`;
      ids.set(name, (await api('environmentCreate', { body: { name, yaml } })).id);
    }
  };
  await Promise.all(Array.from({ length: createdAtOnce }, worker));
  return ids;
}

/** Milliseconds of processor time that one look of the driver at a plan takes: the middle of several. */
export async function driverLooks(root: RootFixture, plan: string): Promise<number> {
  return await withDatabase(root, async (db) => {
    const repository = await openRepository(statePaths(root.folder).repository);
    const restored = await restoredState(db);
    const follow = () => undefined;
    const { clock } = root;
    const driver = createPlanDriver({
      db,
      clock,
      randomness: systemRandomness,
      repository,
      restored,
      log: silentLog,
      follow,
    });
    const looks: number[] = [];
    for (let look = 0; look < 9; look += 1) {
      const before = process.cpuUsage();
      await driver.drive(plan);
      const { user, system } = process.cpuUsage(before);
      looks.push((user + system) / 1_000);
    }
    return Math.round(looks.toSorted((a, b) => a - b)[4] ?? 0);
  });
}
