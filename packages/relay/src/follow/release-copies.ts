import {
  type DesiredState,
  type Digest,
  limits,
  namedParts,
  type RepositoryId,
  XylemError,
} from '@xylem/core';
import { inParallel } from '@xylem/store';
import { productRoleName, releaseTarget, type TufClient } from '@xylem/trust';
import type { NewsPieces } from './news-pieces.ts';
import type { TufCopy } from './tuf-copy.ts';

export interface ReleaseCopiesOptions {
  readonly copyOf: (id: RepositoryId) => Promise<TufCopy>;
  /** Every desired state that is served or about to be: their releases must stay vouched for in what is written. */
  readonly allStates: () => readonly DesiredState[];
  readonly signal: AbortSignal;
}

/**
 * The vendors' repositories that desired states name, shared by all environments here.
 */
export class ReleaseCopies {
  readonly #options: ReleaseCopiesOptions;

  constructor(options: ReleaseCopiesOptions) {
    this.#options = options;
  }

  /**
   * Brings each repository that `state` names at least to the snapshot that it names, with the roles and release
   * documents that any environment here needs.
   * @param anew also those whose timestamp was signed before this moment (milliseconds)
   * @returns the releases of `state` that their product's role vouches for
   * @throws XylemError E_PARENT_STALE (no parent has that snapshot), and as TufClient
   */
  async take(state: DesiredState, anew: number, pieces: NewsPieces): Promise<ReadonlySet<Digest>> {
    const vouched = new Set<Digest>();
    const repositories = Object.entries(state.repositories) as [RepositoryId, { snapshot: number }][];
    await inParallel(repositories, 4, async ([id, { snapshot }]) => {
      this.#options.signal.throwIfAborted();
      const copy = await this.#options.copyOf(id);
      await copy.attempt(async (client) => {
        if (client.state().snapshot < snapshot || (await copy.issuedMs()) < anew) {
          await client.refresh({ vouchedSnapshot: snapshot });
        }
        if (client.state().snapshot < snapshot) {
          throw new XylemError(
            'E_PARENT_STALE',
            `The parent lacks snapshot ${snapshot} of the repository ${id}.`,
          );
        }
        const states = [state, ...this.#options.allStates().filter((other) => other !== state)];
        const kept = new Set<string>();
        const readAll = async (): Promise<void> => {
          for (const one of states) {
            const found = await readReleases(copy, client, id, one, snapshot, kept);
            if (one === state) for (const digest of found) vouched.add(digest);
          }
        };
        await readAll().catch(async (error: unknown) => {
          if (!(error instanceof XylemError) || error.code !== 'E_METADATA_MISSING') throw error;
          // The parent has gone on and dropped roles of the snapshot that this relay trusts.
          await client.refresh({ vouchedSnapshot: snapshot });
          await readAll();
        });
        copy.keepTargets(kept);
      }, pieces);
    });
    return vouched;
  }

  /** Writes what `take` brought for children. @returns the paths of all that is current */
  async publish(state: DesiredState): Promise<string[]> {
    const paths: string[] = [];
    for (const id of Object.keys(state.repositories) as RepositoryId[]) {
      const copy = await this.#options.copyOf(id);
      paths.push(...(await copy.publish()), `r/${id}/metadata/timestamp.json`);
    }
    return paths;
  }
}

/** Reads the roles and release documents of one desired state; notes in `kept` where the documents lie. */
async function readReleases(
  copy: TufCopy,
  client: TufClient,
  id: RepositoryId,
  state: DesiredState,
  vouchedSnapshot: number,
  kept: Set<string>,
): Promise<Digest[]> {
  const vouched: Digest[] = [];
  const wanted = new Map<string, { product: string; release: Digest }>();
  for (const { product, release } of namedParts(state)) {
    if (state.products[product]?.repository === id) {
      wanted.set(`${product}/${release}`, { product, release: release as Digest });
    }
  }
  for (const { repository, domain } of Object.values(state.products)) {
    if (repository === id) await client.productRules(productRoleName(domain as never), { vouchedSnapshot });
  }
  for (const { product, release } of wanted.values()) {
    const path = releaseTarget(product, release);
    const info = await client.target(path, { vouchedSnapshot });
    if (info === null) continue;
    kept.add(info.filePath);
    if ((await copy.readTarget(client, path, limits.release, vouchedSnapshot)) !== null)
      vouched.push(release);
  }
  return vouched;
}
