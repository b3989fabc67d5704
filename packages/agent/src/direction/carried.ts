import { join } from 'node:path';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import { acceptedFile } from './accepted-file.ts';
import type { Accepted } from './wanted.ts';

/** What a host still knows after it left a tenant: words that whoever directs it next can't take back. */
export type Carried = Pick<Accepted, 'floors' | 'quarantine'>;

export const carriedFile = (trust: string, log: Log): JsonFile<Carried> =>
  jsonFile(join(trust, 'carried.json'), 'xylem-carried-1', parse, log);

function parse({ floors, quarantine }: Record<string, unknown>): Carried {
  if (typeof floors !== 'object' || floors === null) throw new Error('no floors');
  const carried = { floors, ...(quarantine === undefined ? {} : { quarantine }) };
  return carried as Carried;
}

/** Keeps it while the accepted direction is about to go. Done again it finds nothing to keep, and keeps what it has. */
export async function carry(accepted: string, trust: string, log: Log): Promise<void> {
  const found = await acceptedFile(accepted, log).read();
  if (found === null) return;
  const { floors, quarantine } = found;
  await carriedFile(trust, log).write({ floors, ...(quarantine === undefined ? {} : { quarantine }) });
}

/** Keeps what is newly quarantined, pinned or lifted a second time: it must outlive a damaged `accepted.json`. */
export async function keepQuarantine(
  file: JsonFile<Carried>,
  before: Carried | null,
  { floors, quarantine }: Carried,
): Promise<void> {
  if (JSON.stringify(before?.quarantine) === JSON.stringify(quarantine)) return;
  await file.write({ floors, ...(quarantine === undefined ? {} : { quarantine }) });
}

/**
 * What was accepted, with what was known as quarantined where it says nothing of that: an older agent wrote it, in between
 * an update and another. It is never taken back by saying nothing: who may lift anything stays known. Pure.
 */
export function remembering(accepted: Accepted, carried: Carried | null): Accepted {
  const quarantine = accepted.quarantine ?? carried?.quarantine;
  return quarantine === undefined ? accepted : { ...accepted, quarantine };
}

/** As if it had been accepted, for what is resolved first in the new environment: nothing is assigned by it. Pure. */
export function asAccepted(carried: Carried): Accepted {
  return {
    ...carried,
    snapshot: 0,
    number: 0,
    components: [],
    held: [],
    purge: [],
    keepPrevious: 1,
    environmentName: '',
    reportEverySeconds: 3600,
    collectorKey: '',
    entry: { labels: {} },
    releases: {},
  };
}
