import type { TestContext } from 'node:test';
import {
  type Digest,
  type EnvironmentId,
  encodeReport,
  type HostId,
  reportPayloadType,
  timeOf,
  type Version,
} from '@xylem/core';
import { silentLog, systemRandomness } from '@xylem/platform';
import { openRepository } from '@xylem/store';
import { generateKey, hostIdOf, type KeyPair, signEnvelope } from '@xylem/trust';
import { restoredState } from '../backup/restored-state.ts';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/tables.ts';
import { createPlanDriver } from '../plans/driver.ts';
import { databaseOf, readConfig, statePaths } from '../state/folder.ts';
import { type FakeHost, fakeHost, fakeReport, installed } from './fake-host.ts';
import { publisher } from './publisher.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from './root-fixture.ts';

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

/** One that a relay speaks for. */
interface Host {
  readonly id: HostId;
  readonly key: KeyPair;
  readonly name: string;
  readonly environment: EnvironmentId;
  sequence: number;
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
    [...ids].map(([name, environment]) => [name, hostsIn(name, environment as EnvironmentId, hostsEach)]),
  );
  await withDatabase(root, async (db) => {
    await settleIn(db, [...ids.values()], releases.get('1.0.0') ?? '');
    await insertHosts(db, [...hosts.values()].flat(), root.clock.now());
  });
  const report = async (names: readonly string[], version: string) => {
    const reporting = names.flatMap((name) => hosts.get(name) ?? []);
    const running = [
      { component, product: 'shop', version: version as Version, package: packages.get(version) as Digest },
    ];
    for (let at = 0; at < reporting.length; at += reportsInBatch) {
      const batch = reporting.slice(at, at + reportsInBatch);
      await relay.bring(...batch.map((host) => signed(root, relay, host, running)));
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

function hostsIn(name: string, environment: EnvironmentId, count: number): Host[] {
  return Array.from({ length: count }, (_, index) => {
    const key = generateKey();
    return { id: hostIdOf(key.public), key, name: `${name}-${index}`, environment, sequence: 0 };
  });
}

type Installed = Parameters<typeof installed>[0];

function signed(root: RootFixture, relay: FakeHost, host: Host, running: readonly Installed[]): string {
  const time = timeOf(root.clock.now());
  host.sequence += 1;
  const report = fakeReport({
    host: host.id,
    environment: host.environment,
    name: host.name,
    incarnation: '0'.repeat(16),
    sequence: host.sequence,
    time,
    certificate: relay.answer.certificate,
    parent: { url: root.running().nodesUrl, host: relay.id },
    components: running.map((one) => installed(one, time)),
  });
  return Buffer.from(signEnvelope(reportPayloadType, encodeReport(report), host.key)).toString();
}

/** As if a deployment had brought it to each of them: a real one costs as much as all that is measured. */
async function settleIn(db: Database, environments: readonly string[], release: string): Promise<void> {
  const standing = {
    product: 'shop',
    sequence: 0,
    release,
    version: '1.0.0',
    previous_release: null,
    previous_version: null,
  };
  await db.transaction().execute(async (trx) => {
    for (const environment of environments)
      await trx
        .insertInto('standings')
        .values({ environment, ...standing })
        .execute();
  });
}

/** As joining leaves them, without the handshakes. */
async function insertHosts(db: Database, hosts: readonly Host[], nowMs: number): Promise<void> {
  const joined = {
    labels: '{}',
    parents: '[]',
    config: '{}',
    kept: '{}',
    pinned: null,
    serve: 0,
    serves: '[]',
    retired: 0,
    certificate_expires_ms: nowMs + 7 * 86_400_000,
    joined_ms: nowMs,
    token: '',
    releases: '[]',
  };
  await db.transaction().execute(async (trx) => {
    for (const { id, key, name, environment } of hosts)
      await trx
        .insertInto('hosts')
        .values({ id, name, environment, key: Buffer.from(key.public).toString('base64url'), ...joined })
        .execute();
  });
}

/** The database of a root server that is stopped meanwhile. */
async function withDatabase<T>(root: RootFixture, act: (db: Database) => Promise<T>): Promise<T> {
  await root.running().close();
  const paths = statePaths(root.folder);
  const db = await openDatabase(databaseOf(paths, await readConfig(paths)));
  try {
    return await act(db);
  } finally {
    await db.destroy();
    await root.restart();
  }
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
