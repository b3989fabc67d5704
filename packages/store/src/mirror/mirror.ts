import { type Digest, type DomainId, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { readOffer } from '../offer/read-offer.ts';
import { maxPackBytes } from '../pack/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { asChoice, type ObjectSource, type SourceChoice } from '../source/object-source.ts';
import { reportRefusals } from '../source/refusals.ts';
import type { Refused } from '../source/refused.ts';
import { fetchPartial, partialFile } from './partial.ts';

export interface MirrorOptions {
  readonly source: ObjectSource | SourceChoice;
  readonly signal?: AbortSignal;
  readonly onRefused?: (refused: Refused) => void;
}

/** Copies objects from sources into a repository, each once however many ask at the same time; resumes partial ones. */
export interface Mirror {
  /** False when it was there already. `maxBytes`: by default those of a pack. */
  object(domain: DomainId, digest: Digest, options: MirrorOptions & { maxBytes?: number }): Promise<boolean>;
  /** Offer and packs; the offer appears last. */
  tree(
    domain: DomainId,
    tree: Digest,
    options: MirrorOptions,
  ): Promise<{ packs: number; fetchedBytes: number }>;
}

const packsAtOnce = 2;

/** Without a clock how far a transfer came is marked only when it breaks off. */
export function createMirror(repository: Repository, clock?: Pick<Clock, 'monotonicMs'>): Mirror {
  /** By digest alone: equal objects of two domains are one file on disk and travel once. */
  const flights = new Map<Digest, Promise<number>>();

  const fly = async (
    domain: DomainId,
    digest: Digest,
    options: MirrorOptions & { maxBytes?: number },
  ): Promise<number> => {
    const { signal, maxBytes = maxPackBytes } = options;
    const path = `o/${domain}/${digest}`;
    const file = partialFile(repository, digest);
    const choice = reportRefusals(asChoice(options.source), options.onRefused);
    const { comparison } = choice;
    for (;;) {
      try {
        const fetched = await choice.attempt(
          path,
          (source) => fetchPartial({ file, path, digest, maxBytes, signal, comparison, clock }, source),
          signal,
        );
        await repository.adoptObject(domain, digest, file);
        return fetched;
      } catch (error) {
        // What came is kept, the part that another gave too: it comes first now.
        if (!(error instanceof XylemError) || error.code !== 'E_PARENT_SLOW') throw error;
      }
    }
  };

  /** Bytes fetched: 0 when somebody else's flight brought it. */
  const fetchOnce = async (
    domain: DomainId,
    digest: Digest,
    options: MirrorOptions & { maxBytes?: number },
  ): Promise<number> => {
    for (;;) {
      options.signal?.throwIfAborted();
      if ((await repository.hasObject(domain, digest)) || (await repository.linkObject(domain, digest)))
        return 0;
      const other = flights.get(digest);
      if (other === undefined) break;
      await waitFor(other, options.signal);
    }
    const flight = fly(domain, digest, options);
    flights.set(digest, flight);
    try {
      return await flight;
    } finally {
      flights.delete(digest);
    }
  };

  const object: Mirror['object'] = async (domain, digest, options) => {
    if (await repository.hasObject(domain, digest)) return false;
    await fetchOnce(domain, digest, options);
    return true;
  };

  const tree: Mirror['tree'] = async (domain, digest, options) => {
    const { offer, bytes } = await readOffer(domain, digest, options);
    let fetchedBytes = 0;
    const work = offer.packs.map(([pack]) => pack).values();
    const worker = async (): Promise<void> => {
      for (const pack of work) {
        const bytes = await fetchOnce(domain, pack, options);
        fetchedBytes += bytes;
      }
    };
    const results = await Promise.allSettled(Array.from({ length: packsAtOnce }, worker));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await repository.putFile(`o/${domain}/offers/${digest}`, bytes);
    return { packs: offer.packs.length, fetchedBytes };
  };

  return { object, tree };
}

/**
 * Resolves when another's flight has ended well, or was given up by its owner alone: then whoever waited flies
 * itself. What really failed fails for all, so that a thousand children do not ask a dead parent one by one.
 */
async function waitFor(flight: Promise<number>, signal: AbortSignal | undefined): Promise<void> {
  try {
    await flight;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof XylemError && error.code !== 'E_INTERRUPTED') throw error;
  }
}
