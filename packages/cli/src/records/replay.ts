import { type Digest, type Replayed, XylemError } from '@xylem/core';
import { counted } from '../frame/words.ts';

interface Page {
  readonly records: readonly {
    readonly number: number;
    readonly digest: string;
    readonly document: string;
  }[];
  readonly hasMore: boolean;
}
/** The digests of records by their numbers, as they were found to be. */
export type Digests = Map<number, Digest>;
interface Left {
  readonly number: number;
  readonly digest: Digest | null;
}

/** How records are fetched, and decided by again. */
interface Records<After extends Left, P extends Page> {
  readonly nothing: After;
  readonly page: (after: string) => Promise<P>;
  readonly again: (before: After, document: string) => Replayed<After> | string;
  /** Where the digests of those that are the same are put. */
  readonly digests?: Digests;
  /** What the last page says of what must be there after all of them; null: it is. */
  readonly missing: (after: After, last: P) => string | null;
}

type Same = { readonly same: true; readonly digest: Digest | null; readonly wordedOtherwise: number };
type Differs = { readonly same: false; readonly difference: string };
export type Replay = { readonly records: number } & (Same | Differs);

/** Decides again, here, record by record, up to the first that differs or is damaged. */
export async function replayRecords<After extends Left, P extends Page>({
  nothing,
  page: fetch,
  again,
  digests,
  missing,
}: Records<After, P>): Promise<Replay> {
  let recorded = nothing;
  let wordedOtherwise = 0;
  for (;;) {
    const page = await fetch(String(recorded.number));
    for (const record of page.records) {
      const result = unlessDamaged(record.number, () => again(recorded, record.document));
      if (typeof result === 'string') return { same: false, records: recorded.number, difference: result };
      recorded = result.after;
      if (result.worded === 'otherwise') wordedOtherwise += 1;
      if (recorded.digest === record.digest) {
        digests?.set(recorded.number, recorded.digest as Digest);
        continue;
      }
      const difference = `Record ${record.number} has the digest ${recorded.digest}, and ${record.digest} was written down.`;
      return { same: false, records: recorded.number, difference };
    }
    if (page.hasMore) continue;
    const { number: records, digest } = recorded;
    const difference = missing(recorded, page);
    return difference === null
      ? { same: true, records, digest, wordedOtherwise }
      : { same: false, records, difference };
  }
}

function unlessDamaged<T>(number: number, again: () => T): T | string {
  try {
    return again();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `Record ${number} is damaged, and nothing can be decided by it: ${why}`;
  }
}

export function replayText(replay: Replay): string {
  if (!replay.same) return `It differs. ${replay.difference}`;
  const { records, digest, wordedOtherwise } = replay;
  const how =
    wordedOtherwise === 0
      ? 'byte for byte'
      : `${wordedOtherwise} of them said in other words by this version`;
  return `The same: ${counted(records, 'decision')} made again from the recorded evidence, ${how}. The last has the digest ${digest}.`;
}

export const nothingIsRecorded = (of: string, why: string): XylemError =>
  new XylemError('E_NOT_FOUND', `Nothing is recorded of ${of}: ${why}.`);
