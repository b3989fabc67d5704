import type { Version } from '../versions.ts';
import type { Need, PlacedComponent } from './placed.ts';

/** What would come to an environment: one product with these components. */
export interface Coming {
  readonly product: string;
  /** Null: it goes away, and there are no components. */
  readonly release: Version | null;
  readonly components: readonly PlacedComponent[];
}

/** Another product that has to change too. */
export interface Move {
  readonly product: string;
  /** The newest that is there; null: nothing. */
  readonly from: Version | null;
  readonly to: Version;
  /** What would not be met without it. */
  readonly because: Need;
}

/** What a release needs of the rest of an environment. */
export type Outcome =
  /** Nothing else has to change. */
  | { readonly kind: 'fits' }
  /** These have to change before it, one after the other: each step leaves all needs met. */
  | { readonly kind: 'drags'; readonly moves: readonly Move[] }
  /** These have to change too, and in no order that was found are all needs met in between. */
  | { readonly kind: 'together'; readonly moves: readonly Move[] }
  /** No set of known releases fits: the changes that were tried first, and the need that they end at. */
  | { readonly kind: 'conflict'; readonly moves: readonly Move[]; readonly broken: Need }
  /** As `conflict`, but not every set has been looked at. */
  | { readonly kind: 'unknown'; readonly moves: readonly Move[]; readonly broken: Need };

/** What has to be known before it can be said. */
export type Asks =
  | { readonly kind: 'asks'; readonly releasesOf: string }
  | { readonly kind: 'asks'; readonly productsWith: string };

/** Releases that could come, by product, the preferred ones first; and products that have a component, by its name. */
export interface KnownOptions {
  readonly releases: ReadonlyMap<string, readonly Coming[]>;
  readonly products: ReadonlyMap<string, readonly string[]>;
}
