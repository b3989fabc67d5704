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

/** A valid offer of a tree and its bytes as they came. Throws E_OBJECT_MISSING, E_OFFER_INVALID, E_TOO_LARGE when no source has one. */
export async function readOffer(
  domain: DomainId,
  tree: Digest,
  options: ReadOfferOptions,
): Promise<{ offer: Offer; bytes: Buffer }> {
  const { signal } = options;
  const choice = reportRefusals(asChoice(options.source), options.onRefused);
  const path = `o/${domain}/offers/${tree}`;
  return choice.attempt(path, (source) => readOfferFrom(source, domain, tree, signal), signal);
}

/** The same from one source. */
export async function readOfferFrom(
  source: ObjectSource,
  domain: DomainId,
  tree: Digest,
  signal?: AbortSignal,
): Promise<{ offer: Offer; bytes: Buffer }> {
  const bytes = await readWhole(source, `o/${domain}/offers/${tree}`, limits.offer, signal);
  try {
    const offer = parseOffer(await decompress(bytes, limits.offer, 'offer', 'E_OFFER_INVALID', 27));
    if (offer.tree === tree) return { offer, bytes };
    throw new XylemError('E_OFFER_INVALID', `It is for the tree ${offer.tree}.`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError('E_OFFER_INVALID', `${source.name} gave an offer that is not valid. ${reason}`, {
      cause,
    });
  }
}
