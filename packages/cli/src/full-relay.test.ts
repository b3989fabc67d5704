import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runAgent } from '@xylem/agent';
import type { HostId, HostMapEntry } from '@xylem/core';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { runRelay } from '@xylem/relay';
import { fullDisk, removeLater, waitUntil } from '@xylem/testkit';
import { buildSmallTree, rootFront, TestInstallation } from '@xylem/testkit/builders';

const common = { clock: systemClock, randomness: systemRandomness, log: silentLog };

test('a host below a relay whose disk is full has what is new from the next parent, says so, and comes back', async (t) => {
  const disk = await fullDisk(t, 32 * 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  const installation = await TestInstallation.create(t);
  const vendor = await installation.addVendor('shop');
  const production = await installation.addEnvironment('acme/production');
  const root = await rootFront(t, installation);
  const hosts = new Map<HostId, HostMapEntry>();
  const deploy = async (version: string, noiseBytes: number): Promise<void> => {
    const files = { version, big: { noiseBytes, seed: noiseBytes } };
    const folder = await buildSmallTree(join(installation.folder, version), files);
    const published = await vendor.publishPackage('web', version, folder);
    const release = await vendor.release(version, [published]);
    const what = { component: 'web', product: 'shop', release, package: published.package, version };
    const assignment = { ...what, where: '', config: {}, after: [] };
    await production.direct({ vendors: [vendor], assignments: [assignment as never], hosts });
    root.announce(production.id);
  };
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const stateFolder = join(disk.folder, 'state');
  await cp(joined.stateFolder, stateFolder, { recursive: true });
  const relay = await runRelay({
    ...common,
    stateFolder,
    listen: { host: '127.0.0.1', port: 0 },
    timing: { retryMaxMs: 300, roomLookMs: 50 },
  });
  removeLater(t, relay.close);
  const host = await installation.join(production, { parents: [relay.url, root.url] });
  hosts.set(host.identity.host, { labels: {} });
  await deploy('1.0.0', 1_000);
  const agent = await runAgent({
    ...common,
    stateFolder: host.stateFolder,
    supervisorCommand: [],
    timing: {
      retryMinMs: 50,
      retryMaxMs: 200,
      returnToFirstMs: 400,
      reportCoalesceMs: 20,
      secondLookMs: 3_600_000,
    },
  });
  removeLater(t, () => agent.stop());
  const has = async (version: string): Promise<boolean> =>
    (await readFile(join(host.stateFolder, 'components/web/current/version'), 'utf8')) === version;
  const isBelowRelay = (): boolean => agent.status().parent === relay.url;
  await waitUntil(async () => isBelowRelay() && (await has('1.0.0')));

  await disk.fill(1_000_000);
  await deploy('2.0.0', 3_000_000);
  await waitUntil(() => has('2.0.0'), 30_000);
  const said = agent.status().waiting.find(({ code }) => code === 'E_PARENT_FULL');
  assert.match(said?.message ?? '', new RegExp(`^The disk of ${relay.url} is full since `));
  await waitUntil(() => relay.serving().faults.some(({ code }) => code === 'E_DISK_FULL'));
  await waitUntil(() => root.reports.get(host.identity.host)?.components[0]?.version === '2.0.0');

  await disk.free();
  await waitUntil(() => isBelowRelay() && agent.status().waiting.length === 0, 30_000);
  await waitUntil(() => relay.status().faults.length === 0);
  await deploy('3.0.0', 2_000);
  await waitUntil(async () => isBelowRelay() && (await has('3.0.0')));
});
