import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '@xylem/platform';
import type { StateLayout } from '../state/layout.ts';
import { watchFolder } from '../state/watch-folder.ts';
import { type Revert, revertsFile } from './reverts.ts';

/** What people on this host took back, as the file says it now. */
export interface CurrentReverts {
  list(): readonly Revert[];
  /**
   * Reads the file anew, and takes out what direction undoes: by product the time of the one that is meant. A file that
   * can't be read changes nothing.
   */
  look(undone: Readonly<Record<string, string>>): Promise<void>;
}

/** @param ordered the file was written: a look is worth it */
export async function currentReverts(options: {
  readonly layout: StateLayout;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly ordered: () => void;
}): Promise<CurrentReverts> {
  const { layout, log, signal, ordered } = options;
  const file = revertsFile(layout.reverts, log);
  const folder = dirname(layout.reverts);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  watchFolder(folder, { log, signal, changed: ordered });
  let reverts: readonly Revert[] = (await file.read())?.reverts ?? [];
  return {
    list: () => reverts,
    look: async (undone) => {
      try {
        const all = (await file.read())?.reverts ?? [];
        const kept = all.filter(({ product, since }) => undone[product] !== since);
        if (kept.length < all.length) {
          await file.write({ reverts: kept });
          log.info('a local return was undone from the root server', { undone });
        }
        reverts = kept;
      } catch (cause) {
        log.warn('local orders can not be read', { cause });
      }
    },
  };
}
