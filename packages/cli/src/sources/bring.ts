import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Version, XylemError } from '@xylem/core';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import { manifestName, readManifest } from '../manifest/manifest.ts';
import { createRelease, type Part } from '../publishing/create-release.ts';
import { publishPackage } from '../publishing/publish-package.ts';
import { setChannel } from '../publishing/set-channel.ts';
import { doingAbout, newestOf, type Present } from './decide.ts';
import type { Offered } from './origin.ts';
import type { Source } from './read-source.ts';
import { runTool } from './run-tool.ts';

type Tools = Pick<Invocation, 'home' | 'clock' | 'randomness' | 'signal' | 'terminal' | 'self'>;

const buildMs = 60 * 60_000;

/** What came of looking at a source. */
export interface Brought {
  readonly version: Version | null;
  readonly did: 'nothing' | 'release' | 'channel';
  /** One sentence for people. */
  readonly said: string;
}

/**
 * Looks at a source, and brings its newest version to the root server if that lacks it: fetches, builds, publishes,
 * releases, and moves the channel. It may end anywhere; the next look goes on.
 * @throws XylemError E_SOURCE, and what publishing throws
 */
export async function bringSource(tools: Tools, server: Api, source: Source): Promise<Brought> {
  const { product, prereleases, channel } = source.wanted;
  const newest = newestOf(await source.origin.offered(), prereleases);
  const present = await presentOf(server, source, newest);
  const doing = doingAbout(newest, present, channel !== undefined);
  if (doing.kind === 'nothing' || newest === null) {
    const why = doing.kind === 'nothing' ? doing.why : '';
    return { version: newest?.version ?? null, did: 'nothing', said: `${product}: ${why}.` };
  }
  const { version } = newest;
  if (doing.kind === 'release') await release(tools, server, source, newest);
  if (channel !== undefined) await setChannel(tools, server, { product, channel, version });
  const moved = channel === undefined ? '' : `; ${product}/${channel} points to it`;
  return { version, did: doing.kind, said: `${product}@${version} is released${moved}.` };
}

async function presentOf(server: Api, { wanted }: Source, newest: Offered | null): Promise<Present> {
  const { product } = wanted;
  const asked = async <T>(asking: Promise<T>): Promise<T | null> =>
    await asking.catch((error: unknown) => {
      if (error instanceof XylemError && error.code === 'E_NOT_FOUND') return null;
      throw error;
    });
  const params = { product, version: newest?.version ?? '0.0.0' };
  const made = newest === null ? null : await asked(server.call('releaseShow', { params }));
  const channels = (await asked(server.call('channelList', { params: { product } })))?.channels ?? [];
  const channel = channels.find((one) => one.channel === wanted.channel);
  return {
    releasedMs: made === null ? null : Date.parse(made.created),
    channel:
      channel === undefined
        ? null
        : { version: channel.version as Version, setMs: Date.parse(channel.updated) },
  };
}

async function release(tools: Tools, server: Api, source: Source, newest: Offered): Promise<void> {
  const { wanted, origin, folder: beside } = source;
  const { version } = newest;
  const scratch = await mkdtemp(join(tmpdir(), 'xylem-source-'));
  const folder = join(scratch, 'source');
  try {
    await mkdir(folder);
    await origin.fetch(newest, folder);
    const environment = { XYLEM_VERSION: version };
    for (const [program, ...args] of wanted.build) {
      const run = { folder, environment, timeoutMs: buildMs, signal: tools.signal };
      await runTool([program, ...args], run);
    }
    const parts: Part[] = [];
    for (const one of wanted.packages) {
      const from = join(folder, one.folder);
      if (one.manifest !== undefined) await copyFile(resolve(beside, one.manifest), join(from, manifestName));
      await refuseStranger(source, from);
      const published = await publishPackage(tools, server, from, { version, statements: [] });
      parts.push({ component: published.component, version, after: one.after });
    }
    const notes = `From ${origin.about}: ${newest.name}.`;
    await createRelease(tools, server, { product: wanted.product, version, parts, notes });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function refuseStranger({ file, wanted }: Source, folder: string): Promise<void> {
  const { product } = (await readManifest(folder)).package;
  if (product === wanted.product) return;
  throw new XylemError(
    'E_INPUT',
    `${file} is about ${wanted.product}, and ${join(folder, manifestName)} about ${product}.`,
  );
}
