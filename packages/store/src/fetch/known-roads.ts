import type { Chunk, Offer } from '@xylem/core';
import { type FetchRange, rangesFor } from './plan.ts';
import { type RoadChoice, roadsOfPlan, unknownMeans } from './roads.ts';
import type { FetchedTree, FetchTreeOptions } from './types.ts';

type Count = Pick<FetchedTree, 'fetchedBytes' | 'requests' | 'seededBytes' | 'resumedBytes'>;

/** What is known of the roads of one transfer; told whenever that is more than before. */
export class KnownRoads {
  readonly #options: FetchTreeOptions;
  readonly #count: Readonly<Count>;
  #before = { fetchedBytes: 0, requests: 0 };
  #choice: RoadChoice | null = null;
  #isResumed = false;
  #isPlanned = false;
  /** Of the newest offer. */
  offerBytes = 0;

  /** @param count goes on counting what this transfer takes */
  constructor(options: FetchTreeOptions, count: Readonly<Count>) {
    this.#options = options;
    this.#count = count;
  }

  readonly tell = (choice: RoadChoice): void => {
    this.#choice = choice;
    this.#options.onRoads?.(choice);
  };

  /** The tree's text was there, from an earlier attempt or asked for by itself: no patch was looked for. */
  resumed(): void {
    this.#isResumed = true;
  }

  /** From here on chunks come. */
  beginChunks(): void {
    const { fetchedBytes, requests } = this.#count;
    this.#before = { fetchedBytes, requests };
  }

  /** The ranges that are still to come, by the first offer that leads there; for what a patch left there is no choice. */
  readonly plan = (offer: Offer, numbered: readonly Chunk[], ranges: readonly FetchRange[]): void => {
    if (this.#isPlanned || this.#choice?.kind === 'patch') return;
    this.#isPlanned = true;
    const { fetchedBytes, requests, seededBytes, resumedBytes } = this.#count;
    const all = rangesFor(offer, numbered, () => true);
    const isNew = seededBytes + resumedBytes === 0;
    const plan = {
      chunks: {
        bytes: fetchedBytes - this.#before.fetchedBytes + bytesOf(ranges),
        requests: requests - this.#before.requests + ranges.length,
      },
      whole: { bytes: this.offerBytes + bytesOf(all), requests: all.length + 1 },
    };
    const alone = isNew ? 'nothing of it was here' : 'no patch from a tree that was here';
    const why = this.#isResumed ? 'its list of files had come before' : alone;
    this.tell(roadsOfPlan(this.#choice, plan, isNew, why, this.#options.means?.() ?? unknownMeans));
  };
}

const bytesOf = (ranges: readonly FetchRange[]): number =>
  ranges.reduce((sum, { length }) => sum + length, 0);
