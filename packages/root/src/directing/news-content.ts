import {
  changedHostMapNodes,
  type DesiredState,
  type Digest,
  type DomainId,
  limits,
  type NewsFile,
  namedParts,
  parseDesiredState,
  parsePackage,
  sha256,
} from '@xylem/core';
import { patchListPath, type Repository } from '@xylem/store';
import {
  desiredStateTarget,
  metadataPath,
  productRoleName,
  releaseTarget,
  targetFilePath,
} from '@xylem/trust';
import { newestRoot } from '../keys/root-versions.ts';
import { readOwnMetadata, repositoryPath } from '../publishing/repository-files.ts';

/** What a snapshot of a direction repository showed. */
export interface Shown {
  readonly snapshotVersion: number;
  readonly targetsVersion: number;
  readonly document: string;
}

/** More than this many changed nodes of the host map are fetched by those whose path they are on, or in a file of their own. */
const maxMapNodes = 64;
const maxFiles = 1000;

/**
 * All that a node at `from` lacks to follow to `to` (docs/spec/news.md). Only a short cut: whatever is missing here
 * the node fetches by itself, so what can't be known is left out.
 */
export async function newsContent(
  folder: Repository,
  environment: DesiredState['environment'],
  from: Shown,
  to: Shown,
  lists: readonly string[],
): Promise<NewsFile> {
  const files: Record<string, string> = {};
  const add = async (path: string): Promise<void> => {
    const bytes = Object.keys(files).length < maxFiles ? await folder.readFile(path) : null;
    if (bytes !== null) files[path] = bytes.toString('utf8');
  };
  const before = parseDesiredState(from.document);
  const after = parseDesiredState(to.document);
  const own = (path: string) => repositoryPath(environment, path);
  await add(own(metadataPath('snapshot', to.snapshotVersion)));
  if (from.targetsVersion !== to.targetsVersion) await add(own(metadataPath('targets', to.targetsVersion)));
  if (from.document !== to.document) await add(own(targetFilePath(desiredStateTarget, sha256(to.document))));
  for (const digest of await changedNodes(folder, environment, before, after)) {
    await add(`o/${environment}/${digest}`);
  }
  const afterRoot = async (repository: string): Promise<string> => {
    const { version } = await newestRoot(folder, repository);
    return repositoryPath(repository, metadataPath('root', version + 1));
  };
  const absent = [await afterRoot(environment)];
  for (const repository of Object.keys(after.repositories)) {
    for (const path of await releaseFiles(folder, repository, before, after)) await add(path);
    absent.push(await afterRoot(repository));
  }
  for (const path of documentFiles(before, after)) await add(path);
  for (const path of lists) await add(path);
  return {
    format: 'xylem-news-file-1',
    environment,
    from: from.snapshotVersion,
    to: to.snapshotVersion,
    files,
    absent,
  };
}

/** Paths of the lists of patches to what a state leads to. They change without a version, so they always go along. */
export async function patchListsOf(folder: Repository, state: DesiredState): Promise<string[]> {
  const listed = new Map<string, ReadonlySet<string>>();
  for (const { domain } of Object.values(state.products))
    if (!listed.has(domain)) listed.set(domain, new Set(await folder.listFiles(`o/${domain}/patches`)));
  const paths = new Set<string>();
  for (const { product, package: digest } of namedParts(state)) {
    const domain = state.products[product]?.domain as DomainId | undefined;
    const lists = domain === undefined ? undefined : listed.get(domain);
    if (domain === undefined || lists === undefined || lists.size === 0) continue;
    const document = await folder.readObject(domain, digest as Digest, limits.package);
    for (const { tree } of document === null ? [] : parsePackage(document).variants)
      if (lists.has(tree)) paths.add(patchListPath(domain, tree));
  }
  return [...paths].sort();
}

async function changedNodes(
  folder: Repository,
  environment: DesiredState['environment'],
  before: DesiredState,
  after: DesiredState,
): Promise<readonly Digest[]> {
  const get = async (digest: Digest) => (await folder.readFile(`o/${environment}/${digest}`)) ?? undefined;
  try {
    const changed = await changedHostMapNodes(before.hostMap, after.hostMap, get, maxMapNodes);
    return changed.size <= maxMapNodes ? [...changed] : [];
  } catch {
    return [];
  }
}

/** Timestamp, snapshot and those roles of the wanted products that changed since the release snapshot of `before`. */
async function releaseFiles(
  folder: Repository,
  repository: string,
  before: DesiredState,
  after: DesiredState,
): Promise<string[]> {
  const at = (role: string, version: number) => repositoryPath(repository, metadataPath(role, version));
  const versionIn = (state: DesiredState) =>
    Object.entries(state.repositories).find(([id]) => id === repository)?.[1].snapshot ?? 0;
  const timestamp = await folder.readFile(at('timestamp', 0));
  if (timestamp === null) return [];
  const version = readOwnMetadata(timestamp).listed['snapshot'] ?? 0;
  const paths = [at('timestamp', 0)];
  if (version === versionIn(before)) return paths;
  paths.push(at('snapshot', version));
  const now = await folder.readFile(at('snapshot', version));
  const old = await folder.readFile(at('snapshot', versionIn(before)));
  if (now === null || old === null) return paths;
  const listedBefore = readOwnMetadata(old).listed;
  const wanted = Object.values(after.products).map(({ domain }) => productRoleName(domain));
  for (const [role, roleVersion] of Object.entries(readOwnMetadata(now).listed)) {
    const isWanted =
      role === 'targets' || wanted.some((name) => role === name || role.startsWith(`${name}-b`));
    if (isWanted && listedBefore[role] !== roleVersion) paths.push(at(role, roleVersion));
  }
  return paths;
}

/** Release and package documents that are named and were not named before. */
function documentFiles(before: DesiredState, after: DesiredState): string[] {
  const known = new Set(namedParts(before).flatMap((a) => [a.release as string, a.package as string]));
  const paths = new Set<string>();
  for (const { product, release, package: digest } of namedParts(after)) {
    const place = after.products[product];
    if (place === undefined) continue;
    if (!known.has(digest)) paths.add(`o/${place.domain}/${digest}`);
    if (!known.has(release)) {
      paths.add(repositoryPath(place.repository, targetFilePath(releaseTarget(product, release), release)));
    }
  }
  return [...paths];
}
