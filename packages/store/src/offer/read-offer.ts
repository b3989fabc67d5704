import { type Digest, type DomainId, limits, type Offer, parseOffer, XylemError } from '@xylem/core';
import { decompress } from '../pack/zstd.ts';
import { asChoice, type ObjectSource, type SourceChoice } from '../source/object-source.ts';
import { readWhole } from '../source/read.ts';
import { reportRefusals } from '../source/refusals.ts';
import type { Refused } from '../source/refused.ts';

export interface ReadOfferOptions {
  readonly source: ObjectSource | SourceChoice;
  readonly signal?: AbortSignal;
  readonly onRefused?: (refused: Refused) => void;
}

/** A valid offer of a tree and its bytes as they came. @throws E_OBJECT_MISSING, E_OFFER_INVALID, E_TOO_LARGE when no source has a valid one */
export async function readOffer(
  domain: DomainId,
  tree: Digest,
  options: ReadOfferOptions,
): Promise<{ offer: Offer; bytes: Buffer }> {
  const path = `o/${domain}/offers/${tree}`;
  const { signal } = options;
  const choice = reportRefusals(asChoice(options.source), options.onRefused);
  return choice.attempt(
    path,
    async (source) => {
      const bytes = await readWhole(source, path, limits.offer, signal);
      try {
        const offer = parseOffer(await decompress(bytes, limits.offer, 'offer', 'E_OFFER_INVALID', 27));
        if (offer.tree !== tree)
          throw new XylemError('E_OFFER_INVALID', `The offer is for the tree ${offer.tree}.`);
        return { offer, bytes };
      } catch (cause) {
        throw new XylemError('E_OFFER_INVALID', `${source.name} gave an offer that is not valid.`, {
          cause,
          retry: 'elsewhere',
        });
      }
    },
    signal,
  );
}
