import { fileURLToPath } from 'node:url';
import type { EnvironmentId, Version } from '@xylem/core';
import { type Cleanup, startProcess } from '@xylem/testkit';
import { apiClient } from './api-client.ts';
import { fakeHost } from './fake-host.ts';
import { publisher } from './publisher.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from './root-fixture.ts';
import {
  insertRowHosts,
  type RowHost,
  rowHosts,
  settleRows,
  signedByRow,
  withDatabase,
} from './row-hosts.ts';

const program = fileURLToPath(new URL('./run-root-process.ts', import.meta.url));
const component = 'shop-web';

/** One environment of many hosts that say that they run `shop@1.0.0`, and a root server in a process of its own. */
export interface ReportFleet {
  readonly root: RootFixture;
  readonly pid: number;
  /** Signs one more report of each host, by which it runs this version. */
  reports(version: string): readonly string[];
  /** A relay brings them, in batches of this size, one after the other. */
  bring(reports: readonly string[], batch: number): Promise<void>;
  /** Ends it as an operator does. */
  stop(): Promise<void>;
}

/** @param nodeArguments for the process, `--cpu-prof` and the like */
export async function reportFleet(
  context: Cleanup,
  { hosts: count, ...options }: RootFixtureOptions & { readonly hosts: number },
  nodeArguments: readonly string[] = [],
): Promise<ReportFleet> {
  const first = await rootFixture(context, options);
  const shop = await publisher(context, first, 'shop');
  const packages = new Map<string, Parameters<typeof signedByRow>[3][number]>();
  let release = '';
  for (const version of ['2.0.0', '1.0.0']) {
    const digest = await shop.publish(component, version, { 'index.html': version });
    packages.set(version, { component, product: 'shop', version: version as Version, package: digest });
    release = await shop.release(version, { [component]: version });
  }
  const yaml =
    'environment: acme/production\nproducts: { shop: { components: { shop-web: { where: all } } } }\n';
  const { id } = await first.api('environmentCreate', { body: { name: 'acme/production', yaml } });
  await first.api('environmentCreate', { body: { name: 'relays/all' } });
  const { token } = await first.api('tokenCreate', { body: { environment: 'relays/all', serve: true } });
  const relay = await fakeHost(first, token, { name: 'relay', serve: true });
  const hosts: readonly RowHost[] = rowHosts('host', id as EnvironmentId, count);
  await withDatabase(first, async (db) => {
    await settleRows(db, [id], { product: 'shop', version: '1.0.0', release });
    await insertRowHosts(db, hosts, first.clock.now());
  });
  await first.running().close();
  const child = await startProcess({
    context,
    command: process.execPath,
    args: [...nodeArguments, program, first.folder],
  });
  const [, apiUrl = '', nodesUrl = ''] = await child.waitForLine(/^listening (\S+) (\S+)/, 60_000);
  const root: RootFixture = {
    ...first,
    running: () => ({ apiUrl, nodesUrl, ended: Promise.resolve(), close: async () => undefined }),
    api: apiClient(() => apiUrl, first.token),
  };
  relay.moveTo(root);
  return {
    root,
    pid: child.pid,
    reports: (version) => {
      const running = [packages.get(version)].filter((one) => one !== undefined);
      return hosts.map((host) => signedByRow(root, relay, host, running));
    },
    bring: async (reports, batch) => {
      for (let at = 0; at < reports.length; at += batch) {
        const some = reports.slice(at, at + batch);
        // The connection may have been closed for being idle in the moment of its use; a relay sends again too.
        const status = await relay.bring(...some).catch(() => relay.bring(...some));
        if (status !== 202) throw new Error(`the root server answered ${status} to a batch`);
      }
    },
    stop: () => child.kill('SIGTERM'),
  };
}
