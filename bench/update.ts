import { lstatSync, readlinkSync } from 'node:fs';
import { cp, open, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import type { Patches } from '@xylem/root/contract';
import { addLiveReleases, countingProxy, differences, listing, startNode, waitUntil } from '@xylem/testkit';
import type { Bench } from './bench.ts';
import { environment, forgetHighestRss, inLab, type Lab, usageOf } from './lab.ts';
import {
  type CountedRequest,
  countingWords,
  isReport,
  requestsBetween,
  requestsOf,
  type Sum,
  sumOf,
} from './requests.ts';

const updateWithinMs = 600_000;
const patchWithinMs = 2 * 3600_000;
/** On a faster one a host may take chunks where they are sooner. */
const slowLink = '12MB/s';
/** So long without a byte counts as quiet: reports and watermarks of the install have passed. */
const quietMs = 2500;

interface Versions {
  readonly old: string;
  readonly next: string;
  /** More live releases of the product, as a publisher has after years. */
  readonly liveReleases: number;
  /** Before the update all but so many are retired. */
  readonly retireTo: string | undefined;
  /** By a patch that is made before. */
  readonly isByPatch: boolean;
}

async function secondsOf(act: () => Promise<unknown>): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  await act();
  return Number(((systemClock.monotonicMs() - startedMs) / 1000).toFixed(3));
}

async function publishAll(
  { xylem, work, release, releasesAt }: Lab,
  versions: Versions,
  say: Say,
): Promise<Readonly<Record<string, number>>> {
  const folders = { '1.0.0': versions.old, '2.0.0': versions.next };
  for (const [version, folder] of Object.entries(folders)) {
    const made = join(work, `package-${version}`);
    await cp(folder, join(made, 'tree'), { recursive: true, verbatimSymlinks: true });
    await release(version, made);
  }
  const { liveReleases, retireTo } = versions;
  const figures: Record<string, number> = {};
  if (liveReleases > 0) {
    const seconds = await addLiveReleases(releasesAt, 'bench@1.0.0', liveReleases);
    say(`${liveReleases} further releases`);
    // What a publisher waits for then: one more release among them.
    const create = ['release', 'create', 'bench@0.1.0', '--with', 'payload@1.0.0'];
    figures.signAllSeconds = Number(seconds.toFixed(3));
    figures.releaseSeconds = await secondsOf(() => xylem.command(create));
    if (retireTo !== undefined)
      figures.retireSeconds = await secondsOf(() =>
        xylem.command(['release', 'retire', 'bench', '--keep', retireTo]),
      );
  }
  return figures;
}

/** A relay, and a host that reaches it through a proxy which counts at the socket and that counts its own requests. */
async function startTree({ xylem, work, context }: Lab) {
  const relay = { name: 'relay', environment, state: join(work, 'relay'), serve: true };
  const relayUrl = (await startNode(xylem, relay)) ?? '';
  const proxy = await countingProxy(context, { port: Number(new URL(relayUrl).port) });
  const requestsFile = join(work, 'requests.json');
  const state = join(work, 'host');
  const parent = `https://127.0.0.1:${proxy.port}`;
  await startNode(xylem, {
    name: 'host',
    environment,
    state,
    parent,
    nodeWords: countingWords(requestsFile),
  });
  const quiet = async (): Promise<{ wire: Sum; requests: readonly CountedRequest[] }> => {
    for (let before = -1; ; ) {
      const [bytesDown, bytesUp] = [proxy.bytesDown(), proxy.bytesUp()];
      if (bytesDown + bytesUp === before) {
        const requests = await requestsOf(xylem.pidOf('host'), requestsFile);
        return { wire: { requests: sumOf(requests).requests, bytesDown, bytesUp }, requests };
      }
      before = bytesDown + bytesUp;
      await systemClock.sleep(quietMs);
    }
  };
  return { quiet, current: join(state, 'components', 'payload', 'current') };
}

const linkAt = (path: string): string | undefined =>
  lstatSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readlinkSync(path);

async function isFolder(path: string | undefined, flag: string): Promise<string> {
  if (path === undefined) throw new XylemError('E_INPUT', `${flag} DIR is missing: the folder of a version.`);
  const folder = resolve(path);
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new XylemError('E_INPUT', `${flag} ${folder} is no folder.`);
  return realpath(folder);
}

/** Whether this request's body is content: a patch or a part of a pack, and no document, offer or metadata. */
async function isPayload({ path }: CountedRequest, work: string): Promise<boolean> {
  if (!/^\/o\/[0-9a-f]{32}\/[0-9a-f]{64}$/.test(path)) return false;
  const file = await open(join(work, 'root', 'repository', path));
  try {
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return ['XYLPACK1', 'XYLPATC1'].includes(buffer.toString('latin1'));
  } finally {
    await file.close();
  }
}

type Say = (line: string) => void;

/** Waits until the root server has made the patch between both versions, and says what that took. */
async function madePatch({ xylem }: Lab, say: Say): Promise<Readonly<Record<string, number>>> {
  say('the root server makes a patch');
  const ended: Patches['patches'][number][] = [];
  await waitUntil(
    async () => {
      const { patches } = (await xylem.command(['patches'])) as Patches;
      ended.push(...patches.filter(({ from, to, state }) => `${from} ${to} ${state}` === '1.0.0 2.0.0 made'));
      const refused = patches.find(({ state }) => state === 'useless' || state === 'failed');
      if (refused !== undefined)
        throw new XylemError('E_INPUT', `There is no patch: ${JSON.stringify(refused)}`);
      return ended.length > 0;
    },
    patchWithinMs,
    'a patch between the versions',
  );
  const [made] = ended;
  return {
    patchBytes: made?.sizeBytes ?? 0,
    patchCpuSeconds: made?.cpuSeconds ?? 0,
    patchPeakRssMb: made?.peakRssMb ?? 0,
    chunkBytes: made?.chunkBytes ?? 0,
  };
}

async function measure(
  lab: Lab,
  versions: Versions,
  say: Say,
): Promise<Readonly<Record<string, number | boolean>>> {
  const { xylem, work, deploy } = lab;
  const { quiet, current } = await startTree(lab);
  if (versions.isByPatch) await xylem.command(['host', 'limit', 'host', '--down', slowLink]);
  const publishing = await publishAll(lab, versions, say);
  say('installing the old version');
  await deploy('1.0.0', ['--watch', '--timeout', String(updateWithinMs / 1000)]);
  const patch = versions.isByPatch ? await madePatch(lab, say) : {};
  const before = await quiet();
  const wasAt = linkAt(current);
  for (const name of ['relay', 'host']) await forgetHighestRss(xylem.pidOf(name));

  say('updating');
  const startedMs = systemClock.monotonicMs();
  await deploy('2.0.0');
  await waitUntil(() => linkAt(current) !== wasAt, updateWithinMs, 'the switch to the new version');
  const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
  const after = await quiet();

  const requests = requestsBetween(before.requests, after.requests);
  const all = sumOf(requests);
  const reports = sumOf(requests.filter(isReport));
  const wireBytesDown = after.wire.bytesDown - before.wire.bytesDown;
  const wireBytesUp = after.wire.bytesUp - before.wire.bytesUp;
  // Two independent counts: the proxy's, and the host's own by request.
  if (all.bytesDown !== wireBytesDown || all.bytesUp !== wireBytesUp)
    throw new XylemError(
      'E_INTERNAL',
      `The proxy saw ${wireBytesDown} bytes down and ${wireBytesUp} up, the requests of the host add up to ${all.bytesDown} and ${all.bytesUp}.`,
    );
  let payloadBytes = 0;
  for (const request of requests) {
    if (request.answered && (await isPayload(request, work))) payloadBytes += request.bodyBytes;
    if (request.bytesDown + request.bytesUp === 0) continue;
    const what = request.method === '' ? 'connections' : `${request.method} ${request.path}`;
    const held = request.answered ? '' : ' (held)';
    say(
      `  ${what}${held}: ${request.bytesUp} bytes up, ${request.bytesDown} down${isReport(request) ? ', a report' : ''}`,
    );
  }
  const [relay, host] = await Promise.all([usageOf(xylem.pidOf('relay')), usageOf(xylem.pidOf('host'))]);
  return {
    wireBytesDown,
    wireBytesUp,
    requests: all.requests - reports.requests,
    seconds: Number(seconds.toFixed(3)),
    relayPeakRssMb: Math.round(relay.highestRssMb),
    agentPeakRssMb: Math.round(host.highestRssMb),
    verified: differences(await listing(versions.next), await listing(current)).length === 0,
    ...publishing,
    ...patch,
    reportRequests: reports.requests,
    reportBytesDown: reports.bytesDown,
    reportBytesUp: reports.bytesUp,
    payloadBytes,
    besidePayloadBytes: wireBytesDown + wireBytesUp - reports.bytesDown - reports.bytesUp - payloadBytes,
  };
}

export const bench: Bench = {
  usage: `--old DIR --new DIR [--patch] [--live-releases N [--retire-to M]]: updates a real host behind a real relay, from one folder to the other,
  by chunks, or with --patch over a link of 12 MB/s by a patch that the root server made before: patchBytes,
  patchCpuSeconds, patchPeakRssMb.
  wireBytesDown and wireBytesUp are all bytes at the host's sockets, TLS counted, from the order until all is quiet. Of
  them, reportBytesDown and reportBytesUp went for reports and watermarks, and payloadBytes are the parts of packs that
  the update fetched, or the patch; besidePayloadBytes is what remains. \`requests\` are those of the update: reportRequests are apart.`,
  async run(words, say) {
    const { values } = parseArgs({
      args: [...words],
      options: {
        old: { type: 'string' },
        new: { type: 'string' },
        'live-releases': { type: 'string' },
        'retire-to': { type: 'string' },
        patch: { type: 'boolean', default: false },
      },
    });
    const old = await isFolder(values.old, '--old');
    const next = await isFolder(values.new, '--new');
    const liveReleases = Number(values['live-releases'] ?? 0);
    if (!Number.isSafeInteger(liveReleases) || liveReleases < 0) {
      throw new XylemError('E_INPUT', '--live-releases: expected a whole number.');
    }
    const isByPatch = values.patch;
    const versions = { old, next, liveReleases, retireTo: values['retire-to'], isByPatch };
    const rootWords = isByPatch ? [] : ['--no-patches'];
    const figures = await inLab('name = host', (lab) => measure(lab, versions, say), { rootWords });
    return { inputs: { old, new: next, liveReleases }, figures };
  },
};
