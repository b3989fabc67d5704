import type { Clock, Randomness } from '@xylem/platform';

/** The private halves stay with the caller: the root server keeps the metadata that they sign, never the keys. */
export interface VendorSigner {
  readonly public: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

export interface InitRootOptions {
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Name of the first tenant, meant wherever none is named. Default `main`. */
  readonly tenant?: string;
  /** Makes the vendor's release repository, signed by these. Absent: none, and nothing can be published. */
  readonly vendor?: { readonly rootKey: VendorSigner; readonly targetsKey: VendorSigner };
  /** Default: SQLite below the state folder. */
  readonly database?: { readonly kind: 'sqlite' } | { readonly kind: 'postgres'; readonly url: string };
}

export interface InitializedRoot {
  /** False: the folder held a root server already, and nothing was changed. */
  readonly created: boolean;
  /** The first operator's token, shown this once; null when nothing was created. */
  readonly operatorToken: string | null;
  readonly releaseRepository: string | null;
}

/** Makes the state folder of a root server: CA, collector key, database, release repository, first operator. */
export function initRoot(_options: InitRootOptions): Promise<InitializedRoot> {
  throw new Error('not yet');
}
