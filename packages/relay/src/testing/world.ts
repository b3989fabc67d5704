import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Digest, HostId, HostMapEntry } from '@xylem/core';
import {
  type Clock,
  createHttpClient,
  readBody,
  silentLog,
  systemClock,
  systemRandomness,
} from '@xylem/platform';
import { removeLater } from '@xylem/testkit';
import {
  buildSmallTree,
  type FileContent,
  type JoinedHost,
  type RootFront,
  rootFront,
  smallFiles,
  type TestDirection,
  TestInstallation,
  type TestVendor,
} from '@xylem/testkit/builders';
import { clientTls } from '@xylem/trust';
import { type RelayOptions, type RunningRelay, runRelay } from '../index.ts';

export interface World {
  readonly installation: TestInstallation;
  readonly vendor: TestVendor;
  readonly production: TestDirection;
  readonly root: RootFront;
  /** Publishes a version and directs the environment to it. */
  deploy(
    version: string,
    to?: TestDirection,
    files?: Record<string, FileContent>,
    hosts?: ReadonlyMap<HostId, HostMapEntry>,
  ): Promise<{ packs: readonly Digest[]; tree: Digest; snapshot: number }>;
}

export async function world(
  t: TestContext,
  options: { holdMs?: number; clock?: Clock; isOlder?: boolean } = {},
): Promise<World> {
  const installation = await TestInstallation.create(t, options.clock);
  const vendor = await installation.addVendor('shop');
  const production = await installation.addEnvironment('acme/production');
  const root = await rootFront(t, installation, options);
  const deploy: World['deploy'] = async (version, to = production, files = smallFiles(version), hosts) => {
    const folder = await buildSmallTree(join(installation.folder, `tree-${version}`), files);
    const published = await vendor.publishPackage('web', version, folder);
    const release = await vendor.release(version, [published]);
    const assignment = { component: 'web', product: 'shop', release, package: published.package, version };
    const snapshot = await to.direct({
      vendors: [vendor],
      assignments: [assignment as never],
      ...(hosts === undefined ? {} : { hosts }),
    });
    root.announce(to.id);
    return { packs: published.packs, tree: published.tree, snapshot };
  };
  return { installation, vendor, production, root, deploy };
}

const quick = {
  retryFirstMs: 20,
  retryMaxMs: 200,
  reportBatchMs: 10,
  reportPaceMs: 20,
  reportRetryFirstMs: 50,
  pruneGraceMs: 50,
};

export async function startRelay(
  t: TestContext,
  { stateFolder }: JoinedHost,
  options: Partial<RelayOptions> = {},
): Promise<RunningRelay> {
  const relay = await runRelay({
    stateFolder,
    listen: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    randomness: systemRandomness,
    log: silentLog,
    ...options,
    timing: { ...quick, ...options.timing },
  });
  removeLater(t, relay.close);
  return relay;
}

export function clientOf(t: TestContext, host: JoinedHost) {
  const http = createHttpClient({ tls: clientTls(host.identity) });
  removeLater(t, () => http.close());
  const get = async (url: string): Promise<{ status: number; body: Buffer }> => {
    const { status, body } = await http.request({ method: 'GET', url });
    return { status, body: await readBody(body, 2 ** 27, url) };
  };
  return { http, get };
}

export const snapshotAt = (relay: RunningRelay, environment: string): number =>
  relay.status().followed.find((one) => one.environment === environment)?.snapshot ?? 0;
