import {
  type EnvironmentId,
  encodeReport,
  type HostId,
  type Report,
  reportPayloadType,
  timeOf,
} from '@xylem/core';
import { generateKey, hostIdOf, type KeyPair, signEnvelope } from '@xylem/trust';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/tables.ts';
import { databaseOf, readConfig, statePaths } from '../state/folder.ts';
import { type FakeHost, fakeReport, installed } from './fake-host.ts';
import type { RootFixture } from './root-fixture.ts';

/** A host that never joined: a row with a key, for which a relay speaks. */
export interface RowHost {
  readonly id: HostId;
  readonly key: KeyPair;
  readonly name: string;
  readonly environment: EnvironmentId;
  sequence: number;
}

export function rowHosts(name: string, environment: EnvironmentId, count: number): RowHost[] {
  return Array.from({ length: count }, (_, index) => {
    const key = generateKey();
    return { id: hostIdOf(key.public), key, name: `${name}-${index}`, environment, sequence: 0 };
  });
}

/** The next report of such a host, an envelope. @param running what it says that it runs */
export function signedByRow(
  root: RootFixture,
  relay: FakeHost,
  host: RowHost,
  running: readonly Parameters<typeof installed>[0][],
  more: Partial<Report> = {},
): string {
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
    ...more,
  });
  return Buffer.from(signEnvelope(reportPayloadType, encodeReport(report), host.key)).toString();
}

/** The next report of such a host, as `takeReports` has it. */
export function reportOfRow(
  host: RowHost,
  components: Report['components'],
  more: Partial<Report> = {},
): Report {
  host.sequence += 1;
  return fakeReport({
    host: host.id,
    environment: host.environment,
    name: host.name,
    incarnation: '0'.repeat(16),
    sequence: host.sequence,
    time: timeOf(1),
    parent: { url: null, host: null },
    components,
    ...more,
  });
}

/** As joining leaves them, without the handshakes. */
export async function insertRowHosts(db: Database, hosts: readonly RowHost[], nowMs: number): Promise<void> {
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

/** As if a deployment had brought a release there: a real one costs as much as all that is measured. */
export async function settleRows(
  db: Database,
  environments: readonly string[],
  {
    product,
    version,
    release,
  }: { readonly product: string; readonly version: string; readonly release: string },
): Promise<void> {
  const standing = { product, sequence: 0, release, version, previous_release: null, previous_version: null };
  await db.transaction().execute(async (trx) => {
    for (const environment of environments)
      await trx
        .insertInto('standings')
        .values({ environment, ...standing })
        .execute();
  });
}

/** The database of a root server that is stopped meanwhile. */
export async function withDatabase<T>(root: RootFixture, act: (db: Database) => Promise<T>): Promise<T> {
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
