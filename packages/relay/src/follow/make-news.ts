import type { EnvironmentId, NewsFile } from '@xylem/core';
import { type Repository, writeNewsFiles } from '@xylem/store';
import type { Served } from './served.ts';

/** docs/spec/news.md: changed host map nodes travel along while they are at most so many. */
const mostHostMapNodes = 64;
const mostBytes = 4 * 1024 * 1024;
const keptVersions = 8;

/** Which paths a child at each older version lacks. Pure. */
export function missingPaths(
  environment: EnvironmentId,
  current: readonly string[],
  former: readonly string[],
): string[] {
  const known = new Set(former);
  const missing = current.filter((path) => !known.has(path) || isReleaseTimestamp(path));
  const isNode = (path: string): boolean => path.startsWith(`o/${environment}/`);
  const tooMany = missing.filter(isNode).length > mostHostMapNodes;
  return tooMany ? missing.filter((path) => !isNode(path)) : missing;
}

/** The history with a new version in front, which holds the former's own strings: a large host map has thousands. Pure. */
export function withVersion(served: Served, snapshot: number, paths: readonly string[]): Served['history'] {
  const older = served.history.filter((version) => version.snapshot < snapshot);
  const held = new Map(older[0]?.paths.map((path) => [path, path]));
  return [{ snapshot, paths: paths.map((path) => held.get(path) ?? path) }, ...older].slice(
    0,
    keptVersions + 1,
  );
}

/**
 * Writes the news files that lead from each of the last versions to the newest one. They only save round trips, so
 * what is too large is left out and what fails is no fault of the update.
 */
export async function writeNews(
  repository: Repository,
  environment: EnvironmentId,
  history: Served['history'],
  absent: readonly string[],
): Promise<void> {
  const [current, ...formers] = history;
  if (current === undefined) return;
  await writeNewsFiles(
    repository,
    environment,
    current.snapshot,
    newsTo(repository, environment, current, formers, absent),
  );
}

async function* newsTo(
  repository: Repository,
  environment: EnvironmentId,
  current: Served['history'][number],
  formers: Served['history'],
  absent: readonly string[],
): AsyncIterable<NewsFile> {
  const cache = new Map<string, string>();
  for (const former of formers.toReversed()) {
    const files: Record<string, string> = {};
    let bytes = 0;
    for (const path of missingPaths(environment, current.paths, former.paths)) {
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
      to: current.snapshot,
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
