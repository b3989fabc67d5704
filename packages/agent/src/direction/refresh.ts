import { fromB64u, limits, type Platform, XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { ObjectSource } from '@xylem/store';
import type { Identity } from '@xylem/trust';
import type { Places } from '../drivers/driver.ts';
import type { JsonFile } from '../state/json-file.ts';
import { type Ahead, ahead } from './ahead.ts';
import { asAccepted, type Carried, keepQuarantine, remembering } from './carried.ts';
import type { Documents } from './documents.ts';
import { filesOf, withNewsFile } from './metadata-source.ts';
import { newsFilesOf } from './news-files.ts';
import type { PatchLists } from './patch-lists.ts';
import type { Repositories } from './repositories.ts';
import { resolveDirection } from './resolve.ts';
import type { Accepted } from './wanted.ts';

/** What a parent announced about our environment. */
export interface Announced {
  readonly snapshot: number;
  /** b64u. */
  readonly timestamp: string;
}

export interface RefreshOptions {
  readonly identity: Identity;
  readonly repositories: Repositories;
  readonly documents: Documents;
  readonly file: JsonFile<Accepted>;
  /** Of an earlier tenant, until direction was accepted in this one. */
  readonly carried: JsonFile<Carried>;
  readonly platform: Platform;
  readonly places: Places;
  readonly patches: PatchLists;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Direction was accepted that differs from the former. */
  readonly onAccepted: (accepted: Accepted) => void;
}

/** The accepted direction and the way in which it is replaced. One refresh at a time. */
export interface Refresher {
  /** Loads what was accepted before. */
  open(): Promise<void>;
  accepted(): Accepted | null;
  /** Version of the trusted direction snapshot. */
  snapshot(): number;
  /** Epoch milliseconds: when the trusted timestamp was signed, as its version says. 0: there is none. */
  timestampSignedMs(): number;
  /** What the last refresh could not get. */
  incomplete(): XylemError | null;
  /** Whether all that follows from the trusted metadata was accepted. */
  settled(): boolean;
  /** Version of the trusted timestamp. */
  timestamp(): number;
  /** @throws what keeps this timestamp from being taken; nothing is taken of it */
  checkTimestamp(bytes: Uint8Array): Promise<void>;
  /**
   * Takes what this parent has; of one that is behind only what belongs to the direction that is trusted already.
   * @throws as TufClient.refresh and resolveDirection; what was accepted stays
   */
  through(source: ObjectSource, announced: Announced | 'behind'): Promise<void>;
}

export function refresher(options: RefreshOptions): Refresher {
  const { identity, repositories, documents, file, clock, log, signal } = options;
  const environment = identity.environment.id;
  const direction = repositories.client(environment);
  let accepted: Accepted | null = null;
  let before: Accepted | null = null;
  let incomplete: XylemError | null = null;
  let settled = false;
  const newsFiles = newsFilesOf({ environment, clock, log, signal });

  const refreshed = async ({ snapshot, timestamp }: Announced): Promise<boolean> => {
    const { changed, state } = await direction.refresh({ knownTimestamp: fromB64u(timestamp) });
    if (state.snapshot >= snapshot) return changed;
    throw new XylemError(
      'E_PARENT_STALE',
      `The parent announced snapshot ${snapshot} and gives ${state.snapshot}.`,
    );
  };
  const take = async (files: Ahead, announced: Announced | 'behind'): Promise<void> => {
    repositories.fetchThrough(files.fetch);
    const changed = announced === 'behind' ? false : await refreshed(announced);
    if (!changed && settled && incomplete === null) return;
    // The metadata is taken; until it is known what follows from it, whatever breaks off here is begun again.
    settled = false;
    const resolved = await resolveDirection({
      identity,
      direction,
      releases: async (id) => repositories.client(id),
      files,
      documents,
      platform: options.platform,
      places: options.places,
      before: accepted ?? before,
      nowMs: clock.now(),
    });
    const isNew = JSON.stringify(resolved.accepted) !== JSON.stringify(accepted);
    if (isNew) {
      // Before the other: what a damaged `accepted.json` would forget is how a quarantine could be got round.
      await keepQuarantine(options.carried, accepted ?? before, resolved.accepted);
      await file.write(resolved.accepted);
    }
    incomplete = resolved.incomplete;
    settled = true;
    accepted = resolved.accepted;
    if (incomplete === null) await documents.forgetUnused();
    if (!isNew) return;
    log.info('direction accepted', {
      snapshot: accepted.snapshot,
      number: accepted.number,
      held: accepted.held.length,
    });
    options.onAccepted(accepted);
  };

  return {
    open: async () => {
      const found = await file.read();
      const carried = await options.carried.read();
      accepted = found === null ? null : remembering(found, carried);
      before = carried === null ? null : asAccepted(carried);
      await direction.open();
    },
    accepted: () => accepted,
    snapshot: () => direction.state().snapshot,
    timestamp: () => direction.state().timestamp,
    timestampSignedMs: () => direction.state().timestamp * 1000,
    checkTimestamp: (bytes) => direction.checkTimestamp(bytes),
    incomplete: () => incomplete,
    settled: () => settled,
    through: async (source, announced) => {
      const single = filesOf(source, { clock, signal });
      const { root, snapshot: from } = direction.state();
      const isNewer = announced !== 'behind' && from < announced.snapshot;
      const news = isNewer && from > 0 ? await newsFiles.read(source, from, announced.snapshot) : null;
      if (isNewer) options.patches.learn(news);
      if (news !== null) {
        try {
          await take(ahead(withNewsFile(news, single)), announced);
          return;
        } catch (cause) {
          signal.throwIfAborted();
          // A wrong news file must not stop what its single files can do.
          log.warn('news file led nowhere', { parent: source.name, cause });
          options.patches.learn(null);
        }
      }
      const files = ahead(single);
      if (isNewer) {
        const metadata = `r/${environment}/metadata`;
        files.begin(`${metadata}/${root + 1}.root.json`, limits.rootMetadata);
        files.begin(`${metadata}/${announced.snapshot}.snapshot.json`, limits.metadata);
      }
      await take(files, announced);
    },
  };
}
