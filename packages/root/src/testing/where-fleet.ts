import { type Digest, type EnvironmentId, type Report, timeOf, type Version } from '@xylem/core';
import type { Cleanup } from '@xylem/testkit';
import { takeReports } from '../ingest/take-reports.ts';
import { fakeReport, installed } from './fake-host.ts';
import { publisher } from './publisher.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from './root-fixture.ts';
import { insertRowHosts, type RowHost, rowHosts, withDatabase } from './row-hosts.ts';

const components = ['shop-api', 'shop-web', 'shop-worker'];
const versions = ['1.0.0', '1.1.0', '2.0.0', '2.1.0'];
const atOnce = 500;

/** A root server of which so many hosts, spread over environments, have said that they run versions of `shop`. */
export async function whereFleet(
  context: Cleanup,
  {
    hosts,
    environments,
    ...options
  }: RootFixtureOptions & { readonly hosts: number; readonly environments: number },
): Promise<RootFixture> {
  const root = await rootFixture(context, options);
  await publisher(context, root, 'shop');
  const ids: EnvironmentId[] = [];
  for (let index = 0; index < environments; index += 1)
    ids.push(
      (await root.api('environmentCreate', { body: { name: `t-${index}/production` } })).id as EnvironmentId,
    );
  await withDatabase(root, async (db) => {
    for (let at = 0; at < hosts; at += atOnce) {
      const some = rowHosts(`host-${at}`, ids[0] as EnvironmentId, Math.min(atOnce, hosts - at)).map(
        (host, index) => ({ ...host, environment: ids[(at + index) % ids.length] as EnvironmentId }),
      );
      await insertRowHosts(db, some, 1);
      await takeReports(
        db,
        some.map((host, index) => runningReport(host, at + index)),
        root.clock.now(),
      );
    }
  });
  return root;
}

function runningReport({ id, environment, name }: RowHost, index: number): Report {
  const time = timeOf(1);
  const version = versions[Math.floor(index / 7) % versions.length] as Version;
  return fakeReport({
    host: id,
    environment,
    name,
    incarnation: '0'.repeat(16),
    sequence: 1,
    time,
    parent: { url: null, host: null },
    components: components.map((component) =>
      installed({ component, product: 'shop', version, package: 'a'.repeat(64) as Digest }, time),
    ),
  });
}
