import {
  type DesiredState,
  type Digest,
  type DomainId,
  installObjects,
  limits,
  namedParts,
  parsePackage,
  XylemError,
} from '@xylem/core';
import type { Log } from '@xylem/platform';
import { inParallel, type Repository } from '@xylem/store';
import type { Flights } from './flights.ts';
import { missingNodes } from './host-map-file.ts';
import type { HostMapNodes } from './host-map-nodes.ts';
import type { NewsPieces } from './news-pieces.ts';
import { isDamage, readOwnOffer, removeEverywhere } from './own-copy.ts';
import { fetchPatches, type Patches } from './patches.ts';

/** An object and the domain in which it is asked for. */
export interface Reference {
  readonly domain: DomainId;
  readonly digest: Digest;
}

/** All that a desired state leads to, beside metadata. */
export interface Closure {
  readonly hostMapNodes: readonly Digest[];
  readonly packages: readonly Reference[];
  readonly trees: readonly Reference[];
  /** What machines that are no hosts yet may fetch. */
  readonly install: readonly Reference[];
  readonly patches: Patches;
}

export interface ClosureOptions {
  readonly state: DesiredState;
  /** Whether the release role vouches for an assignment's release: what no host would install is not fetched. */
  readonly vouched: ReadonlySet<Digest>;
  readonly repository: Repository;
  readonly nodes: HostMapNodes;
  /** Root of the host map that is served, and so held whole; null: none. */
  readonly formerHostMap: Digest | null;
  readonly log: Log;
  readonly flights: Flights;
  /** What the news of a change brought; null: nothing has changed, and the disk is doubted. */
  readonly pieces: NewsPieces | null;
  /** Called when the host map is here. */
  readonly onHostMap: (state: DesiredState) => void;
  readonly signal: AbortSignal;
  readonly isBackground: boolean;
}

const objectsAtOnce = 8;
const treesAtOnce = 3;

/**
 * Fetches all that the hosts of an environment could need: host map, package documents, offers and packs of every
 * variant's tree, and patches to it. What is here already is not asked for.
 * @throws XylemError of the fetch that failed, E_DISK_FULL; what was fetched stays and partial objects are resumed
 */
export async function fetchClosure(options: ClosureOptions): Promise<Closure> {
  const { state, vouched, signal } = options;
  const hostMapNodes = await fetchHostMap(options);
  options.onHostMap(state);
  const packages = uniqueReferences(
    namedParts(state)
      .filter(({ release }) => vouched.has(release))
      .map(({ product, package: digest }) => ({ domain: domainOf(state, product), digest })),
  );
  const trees: Reference[] = [];
  const archives: (Reference & { readonly sizeBytes: number })[] = [];
  await inParallel(packages, objectsAtOnce, async ({ domain, digest }) => {
    const document = parsePackage(await smallObject(options, domain, digest, limits.package));
    for (const { tree } of document.variants) trees.push({ domain, digest: tree });
    for (const one of installObjects(document)) archives.push({ domain, ...one });
  });
  // Relays of one site that fetch for each other must come to everything in the same order.
  const wanted = uniqueReferences(trees).sort(byDigest);
  archives.sort(byDigest);
  const came = new Set<Reference>();
  await inParallel(wanted, treesAtOnce, async (tree) => {
    signal.throwIfAborted();
    const { domain, digest } = tree;
    if (await hasTree(options.repository, domain, digest)) return;
    await options.flights.tree(domain, digest, options);
    came.add(tree);
  });
  await inParallel(archives, treesAtOnce, async ({ domain, digest, sizeBytes }) => {
    signal.throwIfAborted();
    if ((await options.repository.objectSize(domain, digest)) !== sizeBytes)
      await options.flights.object(domain, digest, sizeBytes, options);
  });
  const patches = await fetchPatches(
    { ...options, hasTree: (domain, tree) => hasTree(options.repository, domain, tree) },
    wanted.map((tree) => ({ ...tree, isNew: came.has(tree) })),
  );
  return { hostMapNodes, packages, trees: wanted, install: archives, patches };
}

/** The offer is written last, so where it is the packs were; but a disk can lose files, and a damaged one is removed. */
async function hasTree(repository: Repository, domain: DomainId, tree: Digest): Promise<boolean> {
  const offer = await readOwnOffer(repository, domain, tree).catch(() => null);
  if (offer === null || offer === 'damaged') return false;
  for (const [pack, sizeBytes] of offer.packs) {
    if ((await repository.objectSize(domain, pack)) !== sizeBytes) return false;
  }
  return true;
}

/** For a change, what was read before is only looked for by its name: a disk can lose files. */
async function fetchHostMap(options: ClosureOptions): Promise<Digest[]> {
  const { state, repository, nodes, pieces } = options;
  const domain = state.environment as string as DomainId;
  const missing = missingNodes({ ...options, former: options.formerHostMap });
  const here = new Set(pieces === null ? [] : await repository.listFiles(`o/${domain}`));
  return await nodes.from(
    state.hostMap as Digest,
    async (digest) => {
      const found = await smallObjectHere(options, domain, digest, limits.hostMapNode);
      return (
        found ?? (await missing(digest)) ?? (await fetchSmall(options, domain, digest, limits.hostMapNode))
      );
    },
    (digest) => here.has(digest),
  );
}

/** From here, from the news, or from a parent. */
async function smallObject(
  options: ClosureOptions,
  domain: DomainId,
  digest: Digest,
  maxBytes: number,
): Promise<Uint8Array> {
  const found = await smallObjectHere(options, domain, digest, maxBytes);
  return found ?? (await fetchSmall(options, domain, digest, maxBytes));
}

async function smallObjectHere(
  { repository, pieces, signal }: ClosureOptions,
  domain: DomainId,
  digest: Digest,
  maxBytes: number,
): Promise<Uint8Array | null> {
  signal.throwIfAborted();
  const here = await repository.readObject(domain, digest, maxBytes).catch(async (error: unknown) => {
    if (!isDamage(error)) throw error;
    await removeEverywhere(repository, digest);
    return null;
  });
  if (here !== null) return here;
  const brought = pieces?.object(domain, digest);
  if (brought !== undefined && brought.length <= maxBytes) {
    await repository.putObject(domain, digest, brought);
    return brought;
  }
  return null;
}

async function fetchSmall(
  { repository, flights, signal, isBackground }: ClosureOptions,
  domain: DomainId,
  digest: Digest,
  maxBytes: number,
): Promise<Uint8Array> {
  await flights.object(domain, digest, maxBytes, { signal, isBackground });
  const bytes = await repository.readObject(domain, digest, maxBytes);
  if (bytes === null)
    throw new XylemError('E_STORAGE', `The object ${digest} vanished after it was fetched.`);
  return bytes;
}

function domainOf(state: DesiredState, product: string): DomainId {
  // parseDesiredState refuses an assignment of a product that is not listed.
  const entry = state.products[product];
  if (entry === undefined)
    throw new XylemError('E_METADATA_INVALID', `The desired state has no product ${product}.`);
  return entry.domain as DomainId;
}

const byDigest = (a: Reference, b: Reference): number => (a.digest < b.digest ? -1 : 1);

function uniqueReferences(references: readonly Reference[]): Reference[] {
  return [
    ...new Map(
      references.map((reference) => [`${reference.domain}/${reference.digest}`, reference]),
    ).values(),
  ];
}
