import { type Digest, type DomainId, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { readOffer } from '../offer/read-offer.ts';
import { maxPackBytes } from '../pack/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { inBackground } from '../source/in-background.ts';
import { asChoice, type ObjectSource, type SourceChoice } from '../source/object-source.ts';
import { reportRefusals } from '../source/refusals.ts';
import type { Refused } from '../source/refused.ts';
import { fetchPartial, partialFile } from './partial.ts';

export interface MirrorOptions {
  readonly source: ObjectSource | SourceChoice;
  readonly signal?: AbortSignal;
  /** Nobody waits for it yet. Whoever does raises it: what came is kept, and the rest comes in the foreground. */
  readonly isBackground?: boolean;
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

interface Flight {
  readonly ended: Promise<number>;
  /** Somebody waits for it. */
  readonly raise: () => void;
}

const packsAtOnce = 2;

const sourceOf = (source: MirrorOptions['source'], isBackground = false): SourceChoice =>
  isBackground ? inBackground(asChoice(source)) : asChoice(source);

/** Without a clock how far a transfer came is marked only when it breaks off. */
export function createMirror(repository: Repository, clock?: Pick<Clock, 'monotonicMs'>): Mirror {
  /** By digest alone: equal objects of two domains are one file on disk and travel once. */
  const flights = new Map<Digest, Flight>();

  const fly = async (
    domain: DomainId,
    digest: Digest,
    options: MirrorOptions & { maxBytes?: number },
    raised: AbortSignal,
  ): Promise<number> => {
    const { signal, maxBytes = maxPackBytes } = options;
    const path = `o/${domain}/${digest}`;
    const file = partialFile(repository, digest);
    for (;;) {
      const isBackground = options.isBackground === true && !raised.aborted;
      const choice = reportRefusals(sourceOf(options.source, isBackground), options.onRefused);
      const { comparison } = choice;
      const over = isBackground
        ? AbortSignal.any([raised, ...(signal === undefined ? [] : [signal])])
        : signal;
      try {
        const fetched = await choice.attempt(
          path,
          (source) => fetchPartial({ file, path, digest, maxBytes, signal: over, comparison, clock }, source),
          over,
        );
        await repository.adoptObject(domain, digest, file);
        return fetched;
      } catch (error) {
        if (isBackground && raised.aborted && signal?.aborted !== true) continue;
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
      if (options.isBackground !== true) other.raise();
      await waitFor(other.ended, options.signal);
    }
    const raised = new AbortController();
    const ended = fly(domain, digest, options, raised.signal);
    flights.set(digest, { ended, raise: () => raised.abort() });
    try {
      return await ended;
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
    const { offer, bytes } = await readOffer(domain, digest, {
      ...options,
      source: sourceOf(options.source, options.isBackground),
    });
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
