import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest, type TreeEntry, timeOf, XylemError } from '@xylem/core';
import { type Clock, type HttpClient, type Log, releaseMemorySoon } from '@xylem/platform';
import {
  askToVerify,
  fetchTree,
  fetchTreeEntries,
  inBackground,
  type Refused,
  type RoadChoice,
  type Seed,
} from '@xylem/store';
import type { FetchTree } from '../converge/apply/executor.ts';
import type { PatchLists } from '../direction/patch-lists.ts';
import type { Accepted } from '../direction/wanted.ts';
import type { Parents } from '../parents/parents.ts';
import type { Placed } from '../slot/placed.ts';
import { slotFile } from '../slot/record.ts';
import type { StateLayout } from '../state/layout.ts';
import { type Transfer, transferFile } from '../transfer/record.ts';

/** Trees above this leave much behind in memory. */
const largeBytes = 4 * 1024 * 1024;

/** How trees come to this host. */
export interface Fetching {
  readonly fetchTree: FetchTree;
  /** The signed list of a package's files; its tree is fetched from there on. */
  entriesOf(placed: Placed): Promise<readonly TreeEntry[]>;
  /** Gives up a transfer that nobody wants any more. */
  giveUpUnless(wanted: Pick<Accepted, 'components' | 'migrations' | 'preflights' | 'transitions'>): void;
  /** How the last tree of a component came; null: that is not known. */
  transferOf(component: string): Promise<Transfer | null>;
  /** Objects that did not fit their digest, since the agent began. */
  refusedObjects(): number;
}

export interface FetchingOptions {
  readonly source: Pick<Parents, 'attempt' | 'comparison' | 'bytesPerSecond' | 'roundTripMs'>;
  readonly patches: PatchLists;
  readonly http: HttpClient;
  readonly layout: StateLayout;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export function fetchingThrough(options: FetchingOptions): Fetching {
  const { source, patches, http, layout, clock, signal, log } = options;
  const underWay = new Set<{ tree: string; end: AbortController }>();
  const transfers = new Map<string, Transfer | null>();
  let refused = 0;
  const onRefused = (what: Refused): void => {
    refused += 1;
    log.warn('object refused', { ...what });
    void askToVerify(http, what, signal);
  };
  return {
    refusedObjects: () => refused,
    transferOf: async (component) => {
      const known = transfers.get(component);
      if (known !== undefined) return known;
      const found = await transferFile(layout.component(component).transfer, log).read();
      transfers.set(component, found);
      return found;
    },
    entriesOf: async ({ component, domain, tree }) => {
      const own = layout.component(component);
      await mkdir(own.trees, { recursive: true, mode: 0o755 });
      return await fetchTreeEntries({
        source,
        domain,
        tree,
        into: own.incoming(tree),
        clock,
        log,
        signal,
        onRefused,
      });
    },
    giveUpUnless: (wanted) => {
      const ordered = [...(wanted.migrations ?? []), ...(wanted.preflights ?? [])];
      const programs = ordered.flatMap((one) => ('placed' in one ? [one.placed] : []));
      const onTheWay = (wanted.transitions ?? []).flatMap(({ through }) =>
        through.flatMap(({ placed }) => placed),
      );
      const trees = new Set<string>([...wanted.components, ...programs, ...onTheWay].map(({ tree }) => tree));
      for (const own of underWay) {
        if (trees.has(own.tree)) continue;
        own.end.abort(new XylemError('E_INTERRUPTED', 'Direction changed while a tree was fetched.'));
      }
    },
    fetchTree: async ({ component, kind, domain, tree, into, from, isApart = false, isAhead = false }) => {
      const end = new AbortController();
      const own = { tree, end };
      underWay.add(own);
      // Only root can share files for sure with a component whose user can't write to them, and only of kind files.
      const isShared = !isApart && kind === 'files' && process.getuid?.() === 0;
      try {
        // A folder of others is known by the list of files alone, which has to be there first.
        if (from !== undefined)
          await fetchTreeEntries({
            source,
            domain,
            tree,
            into,
            clock,
            log,
            signal: AbortSignal.any([signal, end.signal]),
            onRefused,
          });
        const sinceMs = clock.monotonicMs();
        const bytesPerSecond = source.bytesPerSecond();
        const roundTripMs = source.roundTripMs();
        let choice: RoadChoice | null = null;
        const fetched = await fetchTree({
          source: isAhead ? inBackground(source) : source,
          domain,
          tree,
          into,
          seeds: [
            ...(from === undefined ? [] : [foreignSeed(from, into)]),
            ...(await seedsFor(component, isShared, layout, log)),
          ],
          share: isShared ? 'link' : 'copy',
          patches: patches.of(domain, tree),
          means: () => ({ bytesPerSecond, roundTripMs, memoryBytes: process.availableMemory() }),
          onRoads: (found) => {
            choice = found;
          },
          clock,
          log,
          signal: AbortSignal.any([signal, end.signal]),
          onRefused,
        });
        log.info('tree fetched', { component, tree, ...fetched });
        const seconds = (clock.monotonicMs() - sinceMs) / 1000;
        const transfer = { tree, time: timeOf(clock.now()), seconds, bytesPerSecond, choice, took: fetched };
        if (!isApart) {
          transfers.set(component, transfer);
          await note(layout.component(component).transfer, transfer, log);
        }
        if (fetched.sizeBytes > largeBytes) releaseMemorySoon();
      } finally {
        underWay.delete(own);
      }
    },
  };
}

/** For `agent explain` and for reports after the next start; nothing hangs on it. */
async function note(path: string, transfer: Transfer, log: Log): Promise<void> {
  await transferFile(path, log)
    .write(transfer)
    .catch((error: unknown) => log.warn('what a transfer took was not noted', { path, error }));
}

/** A folder of others, by the list of files that came before: what of it is not as the list says is no seed. */
const foreignSeed = (folder: string, into: string): Seed => ({
  folder,
  treeFile: `${into}.part.tree`,
  isForeign: true,
});

/** Every whole tree on this host, those of the same component first, its current one at the very front; then what was fetched beforehand. */
async function seedsFor(
  component: string,
  filesOnly: boolean,
  layout: StateLayout,
  log: Log,
): Promise<Seed[]> {
  const seeds: Seed[] = [];
  const names = await readdir(layout.components).catch(() => []);
  for (const name of [component, ...names.filter((other) => other !== component)]) {
    const own = layout.component(name);
    const installed = (await slotFile(own.slot, log).read())?.installed ?? null;
    if (filesOnly && installed !== null && installed.kind !== 'files') continue;
    const entries = await readdir(own.trees).catch(() => []);
    const present = new Set(entries);
    const whole = entries.filter((entry): entry is Digest => isDigest(entry) && present.has(`${entry}.tree`));
    const current = installed?.tree;
    for (const tree of whole.sort((a, b) => Number(b === current) - Number(a === current))) {
      seeds.push({ folder: own.tree(tree) });
    }
  }
  // A hook ran in it, and may have changed it: it is a seed where no other is.
  const ahead = join(layout.ahead, component);
  for (const tree of (await readdir(ahead).catch(() => [])).filter(isDigest))
    seeds.push({ folder: join(ahead, tree), isForeign: true });
  return seeds;
}
