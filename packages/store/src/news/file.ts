import {
  type EnvironmentId,
  encodeNewsFile,
  limits,
  type NewsFile,
  parseNewsFile,
  XylemError,
} from '@xylem/core';
import { compress, decompress } from '../pack/zstd.ts';
import type { Repository } from '../repository/repository.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { wholeFile } from '../source/whole-file.ts';
import type { InTime } from '../source/within.ts';

/** docs/spec/news.md: the last values of `from` for which a file is kept. */
const keptFiles = 8;

const pathOf = (environment: EnvironmentId, from: number, to: number): string =>
  `news/${environment}/${from}-${to}`;

/**
 * Writes `news/<environment>/<from>-<to>` for each of `files`, which all lead to the same version, and removes what leads
 * to older ones, and all but the last 8 values of `from`.
 */
export async function writeNewsFiles(
  repository: Repository,
  environment: EnvironmentId,
  to: number,
  files: AsyncIterable<NewsFile>,
): Promise<void> {
  const packed: [path: string, bytes: Buffer][] = [];
  for await (const news of files) {
    packed.push([pathOf(environment, news.from, to), await compress(encodeNewsFile(news), 9)]);
  }
  await repository.putFiles(packed);
  const names = await repository.listFiles(`news/${environment}`);
  const present = names
    .map((name) => /^([0-9]+)-([0-9]+)$/.exec(name))
    .filter((match) => match !== null)
    .map((match) => ({ from: Number(match[1]), to: Number(match[2]) }))
    .sort((a, b) => b.from - a.from);
  const kept = present.filter((file) => file.to === to).slice(0, keptFiles);
  for (const file of present) {
    if (!kept.includes(file)) await repository.removeFile(pathOf(environment, file.from, file.to));
  }
}

/** Null where the source has none. Throws E_DOCUMENT_INVALID, and as `wholeFile`. */
export async function readNewsFile(
  source: ObjectSource,
  environment: EnvironmentId,
  from: number,
  to: number,
  inTime: InTime,
): Promise<NewsFile | null> {
  const path = pathOf(environment, from, to);
  const packed = await wholeFile(source, path, limits.newsFile, inTime);
  if (packed === null) return null;
  const text = await decompress(
    packed,
    limits.newsFile,
    `news file of ${source.name}`,
    'E_DOCUMENT_INVALID',
    27,
  );
  const news = parseNewsFile(text);
  if (news.environment !== environment || news.from !== from || news.to !== to) {
    throw new XylemError('E_DOCUMENT_INVALID', `The news file ${path} of ${source.name} is another one.`, {
      retry: 'elsewhere',
    });
  }
  return news;
}
