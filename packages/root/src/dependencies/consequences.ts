import {
  type Coming,
  type EnvironmentSpec,
  type KnownRelease,
  type Outcome,
  type PlacedComponent,
  type ProductDirection,
  whatItTakes,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { productsWith, releaseOptions } from './options.ts';
import { placedIn, placedReleases } from './placed.ts';

export interface Change {
  readonly environment: { readonly id: string };
  /** With the product mapped as it will be. */
  readonly spec: EnvironmentSpec;
  readonly directions: readonly ProductDirection[];
  readonly product: string;
  /** Null: it goes away. */
  readonly target: KnownRelease | null;
}

export interface Consequences {
  readonly before: readonly PlacedComponent[];
  readonly coming: Coming;
  readonly outcome: Outcome;
}

/**
 * What a release, or the end of a product, takes of the rest of an environment.
 * @param sees of which products whoever asks may be told anything
 */
export async function consequences(
  trx: Database,
  { environment, spec, directions, product, target }: Change,
  sees: (product: string) => boolean,
): Promise<Consequences> {
  const before = await placedIn(trx, spec, directions);
  const coming: Coming = {
    product,
    release: target?.release.version ?? null,
    components: target === null ? [] : await placedReleases(trx, spec, [target]),
  };
  const releases = new Map<string, Coming[]>();
  const products = new Map<string, string[]>();
  for (;;) {
    const said = whatItTakes(before, coming, { releases, products });
    if (said.kind !== 'asks') return { before, coming, outcome: said };
    // Each is asked for once.
    if ('releasesOf' in said)
      releases.set(said.releasesOf, await releaseOptions(trx, environment.id, spec, said.releasesOf));
    else products.set(said.productsWith, (await productsWith(trx, said.productsWith)).filter(sees));
  }
}
