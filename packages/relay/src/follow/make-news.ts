import type { Digest, EnvironmentId, NewsFile } from '@xylem/core';
import { type Repository, writeNewsFiles } from '@xylem/store';
import type { Served } from './served.ts';

/** docs/spec/news.md: changed host map nodes travel along while they are at most so many. */
const mostHostMapNodes = 64;
const mostBytes = 4 * 1024 * 1024;
const keptVersions = 8;

/** Which paths a child at the version `history[at]` lacks. Pure. */
export function missingPaths(environment: EnvironmentId, history: Served['history'], at: number): string[] {
  const known = new Set(history[at]?.paths);
  const files = history[0]?.paths.filter((path) => !known.has(path) || isReleaseTimestamp(path)) ?? [];
  const newer = history.slice(0, at).map(({ nodes }) => nodes);
  if (newer.includes(undefined)) return files;
  const nodes = new Set(newer.flatMap((some) => some ?? []));
  if (nodes.size > mostHostMapNodes) return files;
  return [...files, ...[...nodes].map((digest) => `o/${environment}/${digest}`)];
}

/** The nodes of a version's host map, and those of the version before; null: not known. */
export interface NodesOfVersions {
  readonly now: readonly Digest[];
  readonly before: ReadonlySet<Digest> | null;
}

/** The history with a new version in front. Pure. */
export function withVersion(
  { history }: Served,
  snapshot: number,
  paths: readonly string[],
  { now, before }: NodesOfVersions,
): Served['history'] {
  const all = new Set(now);
  const added = before === null ? undefined : now.filter((digest) => !before.has(digest));
  const current = { snapshot, paths, ...few(added) };
  const older = history
    .filter((version) => version.snapshot < snapshot)
    .map(({ nodes, ...version }) => ({ ...version, ...few(nodes?.filter((digest) => all.has(digest))) }));
  return [current, ...older].slice(0, keptVersions + 1);
}

const few = (nodes: readonly Digest[] | undefined): { readonly nodes?: readonly Digest[] } =>
  nodes === undefined || nodes.length > mostHostMapNodes ? {} : { nodes };

/** What goes along whatever a child has. */
export interface NewsBeside {
  /** Paths that do not exist here. */
  readonly absent: readonly string[];
  /** Paths of what changes without a version: which patches there are. */
  readonly always: readonly string[];
}

/**
 * Writes the news files that lead from each of the last versions to the newest one. They only save round trips, so
 * what is too large is left out and what fails is no fault of the update.
 */
export async function writeNews(
  repository: Repository,
  environment: EnvironmentId,
  history: Served['history'],
  { absent, always }: NewsBeside,
): Promise<void> {
  const [current] = history;
  if (current === undefined) return;
  await writeNewsFiles(
    repository,
    environment,
    current.snapshot,
    newsTo(repository, environment, history, { absent, always }),
  );
}

async function* newsTo(
  repository: Repository,
  environment: EnvironmentId,
  history: Served['history'],
  { absent, always }: NewsBeside,
): AsyncIterable<NewsFile> {
  const cache = new Map<string, string>();
  const to = history[0]?.snapshot ?? 0;
  for (const [at, former] of [...history.entries()].slice(1).toReversed()) {
    const files: Record<string, string> = {};
    let bytes = 0;
    for (const path of [...missingPaths(environment, history, at), ...always]) {
      const text = cache.get(path) ?? (await repository.readFile(path))?.toString('utf8');
      if (text === undefined || bytes + text.length > mostBytes) continue;
      cache.set(path, text);
      files[path] = text;
      bytes += text.length;
    }
    yield {
      format: 'xylem-news-file-1',
      environment,
      from: former.snapshot,
      to,
      files,
      absent: [...absent],
    };
  }
}

/** Of each root that is current, the next one: it does not exist here. Pure. */
export function nextRoots(paths: readonly string[]): string[] {
  const newest = new Map<string, number>();
  for (const path of paths) {
    const match = /^(r\/[0-9a-f]{32}\/metadata\/)([0-9]+)\.root\.json$/.exec(path);
    if (match === null) continue;
    const [, folder = '', version = ''] = match;
    newest.set(folder, Math.max(newest.get(folder) ?? 0, Number(version)));
  }
  return [...newest].map(([folder, version]) => `${folder}${version + 1}.root.json`).sort();
}

function isReleaseTimestamp(path: string): boolean {
  return path.endsWith('/metadata/timestamp.json');
}
