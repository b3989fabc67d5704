import {
  type DesiredState,
  type Digest,
  type DomainId,
  type EnvironmentId,
  installObjects,
  limits,
  namedParts,
  parsePackage,
} from '@xylem/core';
import { ownPatchList, prune, type Repository } from '@xylem/store';
import { readSnapshot, readTimestamp } from '@xylem/trust';
import type { HostMapNodes } from './host-map-nodes.ts';
import { readOwnOffer } from './own-copy.ts';
import type { Served } from './served.ts';

/** What an environment keeps alive. */
export interface Kept {
  readonly environment: EnvironmentId;
  /** Its current and previous desired state, and one that is being fetched. */
  readonly states: readonly DesiredState[];
  readonly history: Served['history'];
  readonly nodes: HostMapNodes;
}

/**
 * Removes what no followed environment's current or previous desired state leads to. Must not run beside an update:
 * that one's objects are not all named yet.
 */
export async function removeUnreferenced(
  repository: Repository,
  environments: readonly Kept[],
): Promise<{ removed: number; freedBytes: number }> {
  const keep = new Map<DomainId, Set<Digest>>();
  for (const { states, nodes } of environments) {
    for (const state of states) await addReferences(repository, state, nodes, keep);
  }
  let removed = 0;
  let freedBytes = 0;
  for (const domain of await repository.listDomains()) {
    const done = await prune(repository, domain, keep.get(domain) ?? new Set());
    removed += done.removed;
    freedBytes += done.freedBytes;
  }
  const paths = new Set(
    environments.flatMap(({ history }) => history.slice(0, 2).flatMap(({ paths }) => paths)),
  );
  for (const id of await repository.listFiles('r')) removed += await removeOldMetadata(repository, id, paths);
  const known = new Set<string>(environments.map(({ environment }) => environment));
  for (const environment of await repository.listFiles('news')) {
    if (known.has(environment)) continue;
    for (const name of await repository.listFiles(`news/${environment}`)) {
      await repository.removeFile(`news/${environment}/${name}`);
    }
  }
  return { removed, freedBytes };
}

/**
 * As far as it is here: what is not can't be removed either.
 * @throws what keeps a document from being read: then nobody knows what it needs, and nothing may be removed
 */
async function addReferences(
  repository: Repository,
  state: DesiredState,
  nodes: HostMapNodes,
  keep: Map<DomainId, Set<Digest>>,
): Promise<void> {
  const own = state.environment as string as DomainId;
  const kept = (domain: DomainId): Set<Digest> => {
    const set = keep.get(domain) ?? new Set();
    keep.set(domain, set);
    return set;
  };
  const read = async (digest: Digest): Promise<Uint8Array | null> =>
    await repository.readObject(own, digest, limits.hostMapNode);
  for (const digest of await nodes.from(state.hostMap as Digest, read)) kept(own).add(digest);
  for (const { product, package: digest } of namedParts(state)) {
    const domain = state.products[product]?.domain as DomainId | undefined;
    if (domain === undefined) continue;
    const set = kept(domain);
    if (set.has(digest as Digest)) continue;
    set.add(digest as Digest);
    const bytes = await repository.readObject(domain, digest as Digest, limits.package);
    if (bytes === null) continue;
    const document = parsePackage(bytes);
    for (const one of installObjects(document)) set.add(one.digest);
    for (const { tree } of document.variants) {
      set.add(tree as Digest);
      for (const pack of await packsOf(repository, domain, tree as Digest)) set.add(pack);
      const list = await ownPatchList(repository, domain, tree as Digest);
      for (const [, patch] of list?.patches ?? []) set.add(patch);
    }
  }
}

async function packsOf(repository: Repository, domain: DomainId, tree: Digest): Promise<Digest[]> {
  const offer = await readOwnOffer(repository, domain, tree);
  return offer === null || offer === 'damaged' ? [] : offer.packs.map(([digest]) => digest);
}

/** Metadata and targets of versions before the previous one. Roots stay: they are the way from the first to the newest. */
async function removeOldMetadata(
  repository: Repository,
  id: string,
  keep: ReadonlySet<string>,
): Promise<number> {
  const isUsed = [...keep].some((path) => path.startsWith(`r/${id}/`));
  let removed = 0;
  const metadata = `r/${id}/metadata`;
  const current = isUsed ? await currentFiles(repository, metadata) : new Set<string>();
  const names = await repository.listFiles(metadata);
  // What points goes before what it points to.
  names.sort((a, b) => Number(b === 'timestamp.json') - Number(a === 'timestamp.json'));
  for (const name of names) {
    const path = `${metadata}/${name}`;
    if (keep.has(path) || current.has(name) || (isUsed && name.endsWith('.root.json'))) continue;
    await repository.removeFile(path);
    removed += 1;
  }
  const folders = [`r/${id}/targets`];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of await repository.listFiles(folder)) {
      const path = `${folder}/${name}`;
      if (!name.endsWith('.json')) folders.push(path);
      else if (!keep.has(path)) {
        await repository.removeFile(path);
        removed += 1;
      }
    }
  }
  return removed;
}

/** What the served timestamp leads to, whoever brought it: repositories are shared by environments. */
async function currentFiles(repository: Repository, metadata: string): Promise<Set<string>> {
  const timestamp = await repository.readFile(`${metadata}/timestamp.json`);
  if (timestamp === null) return new Set();
  const { snapshotVersion } = readTimestamp(timestamp);
  const names = new Set(['timestamp.json', `${snapshotVersion}.snapshot.json`]);
  const snapshot = await repository.readFile(`${metadata}/${snapshotVersion}.snapshot.json`);
  if (snapshot === null) return names;
  for (const [role, version] of Object.entries(readSnapshot(snapshot).roles))
    names.add(`${version}.${role}.json`);
  return names;
}
