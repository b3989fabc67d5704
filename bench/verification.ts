import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '@xylem/core';
import { systemClock, writeFileAtomic } from '@xylem/platform';
import { startNode } from '@xylem/testkit';
import { desiredStateTarget, loadIdentity, pinnedRootOf, TufClient } from '@xylem/trust';
import type { Bench, Measured } from './bench.ts';
import { environment, inLab, type Lab } from './lab.ts';

const rounds = 50;

/** What two signatures cost a host: both repositories followed through an update, without the network. */
export const bench: Bench = {
  usage:
    '(no arguments): CPU that a host spends on verifying the metadata of a first install and of an update',
  run: () => inLab('all', measure),
};

async function measure({ xylem, work, release, deploy }: Lab): Promise<Measured> {
  const state = join(work, 'host');
  await startNode(xylem, { name: 'host', environment, state });
  const identity = await loadIdentity(join(state, 'identity'));
  if (identity === null) throw new TypeError('the host has not joined');
  const published = join(work, 'root', 'repository');
  const versions: string[] = [];
  for (const version of ['1.0.0', '1.0.1']) {
    const folder = join(work, 'package', version);
    await mkdir(join(folder, 'tree'), { recursive: true });
    await writeFileAtomic(join(folder, 'tree', 'payload.txt'), `payload ${version}\n`);
    await release(version, folder);
    await deploy(version, ['--watch']);
    const kept = join(work, 'kept', version);
    await cp(join(published, 'r'), kept, { recursive: true });
    versions.push(kept);
  }
  const [first = '', update = ''] = versions;

  const spent = { firstMs: 0, updateMs: 0 };
  for (let round = -5; round < rounds; round += 1) {
    const host = follower(identity.trustMap, join(work, 'trust', String(round)));
    const firstMs = await cpuMsOf(() => host.follow(first));
    const updateMs = await cpuMsOf(() => host.follow(update));
    if (round < 0) continue;
    spent.firstMs += firstMs;
    spent.updateMs += updateMs;
  }
  const perRound = (ms: number): number => Number((ms / rounds).toFixed(2));
  return {
    inputs: { rounds, repositories: 'release and direction', liveReleases: versions.length },
    figures: { firstCpuMs: perRound(spent.firstMs), updateCpuMs: perRound(spent.updateMs) },
  };
}

type TrustMap = NonNullable<Awaited<ReturnType<typeof loadIdentity>>>['trustMap'];

/** The TUF clients of a host, over metadata that lies in a folder. */
function follower(trustMap: TrustMap, stateFolder: string): { follow(published: string): Promise<void> } {
  let folder = '';
  const clients = Object.entries(trustMap.repositories).map(([name, { kind }]) => {
    const id = name as keyof typeof trustMap.repositories;
    const client = new TufClient({
      id,
      pinnedRoot: pinnedRootOf(trustMap, id),
      stateFolder,
      fetchMetadata: (path) => readFile(join(folder, id, path)).catch(() => null),
      clock: systemClock,
    });
    return { client, kind };
  });
  return {
    follow: async (published) => {
      folder = published;
      for (const { client, kind } of clients) {
        await client.refresh();
        if (
          kind === 'direction' &&
          (await client.readTarget(desiredStateTarget, limits.desiredState)) === null
        ) {
          throw new TypeError('the director vouches for no desired state');
        }
      }
    },
  };
}

async function cpuMsOf(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
