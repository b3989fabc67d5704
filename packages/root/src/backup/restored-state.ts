import { readSetting, removeSetting, writeSetting } from '../db/settings.ts';
import type { Database } from '../db/tables.ts';

/** What a restore leaves in the database until a person confirms the difference. */
export interface RestoredMark {
  /** When the backup was taken, RFC 3339. */
  readonly taken: string;
  /** When it was restored: reports from before are the backup's own. */
  readonly restoredMs: number;
}

/** Who reports and can't be taken in: no certificate of ours, or one of an environment whose keys are lost. */
export interface UnknownHost {
  readonly host: string;
  readonly environment: string | null;
}

export interface RestoredState {
  /** While true, nothing new in meaning is signed and nothing is deployed. */
  isRestored(): boolean;
  read(): RestoredMark | null;
  /** Only in memory: they report again. */
  unknownHosts(): readonly UnknownHost[];
  addUnknownHost(host: UnknownHost): void;
  /** Inside the transaction of the confirmation. */
  clear(trx: Database): Promise<void>;
  /** After that transaction is committed. */
  cleared(): void;
}

const key = 'restored';
const maxUnknownHosts = 10_000;

export async function markRestored(db: Database, mark: RestoredMark): Promise<void> {
  await writeSetting(db, key, JSON.stringify(mark));
}

/** Read once and kept: every publication asks. */
export async function restoredState(db: Database): Promise<RestoredState> {
  const text = await readSetting(db, key);
  let mark = text === null ? null : (JSON.parse(text) as RestoredMark);
  const unknown = new Map<string, UnknownHost>();
  return {
    isRestored: () => mark !== null,
    read: () => mark,
    unknownHosts: () => [...unknown.values()],
    addUnknownHost: (host) => {
      if (mark !== null && unknown.size < maxUnknownHosts) unknown.set(host.host, host);
    },
    clear: (trx) => removeSetting(trx, key),
    cleared: () => {
      mark = null;
      unknown.clear();
    },
  };
}
