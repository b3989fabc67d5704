import { XylemError } from '../errors.ts';
import { type EnvironmentId, isEnvironmentId } from '../ids.ts';
import { limits } from '../limits.ts';
import { array, integer, literal, object, record, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { b64u, digest, environmentId, metadataVersion } from './fields.ts';

/** docs/spec/news.md: what a held request answers, and the file with all that changed. */

const newsSchema = object(
  {
    format: literal('xylem-news-1'),
    changed: array(object({ environment: environmentId, snapshot: metadataVersion, timestamp: b64u }), {
      maxItems: 10_000,
    }),
  },
  /**
   * How long ago this node heard of the root server (absent: it does not know), and for how long its disk has been full
   * (absent: it is not).
   */
  { sinceRootMs: integer(), fullForMs: integer() },
);

/** Below `/`, relative, without `.` segments; which of them a node takes is the node's to decide. */
const repositoryPath = string({
  title: 'a path of the repository',
  pattern: '^(?!.*(^|/)\\.{0,2}(/|$))[A-Za-z0-9._/@%+~-]+$',
  maxLength: 1024,
});

export const newsFileSchema = object({
  format: literal('xylem-news-file-1'),
  environment: environmentId,
  from: metadataVersion,
  to: metadataVersion,
  files: record(repositoryPath, string()),
  absent: array(repositoryPath, { maxItems: 1000 }),
});

const hostMapFileSchema = object({
  format: literal('xylem-host-map-file-1'),
  environment: environmentId,
  to: digest,
  nodes: array(string()),
});

export type News = Static<typeof newsSchema>;
export type NewsFile = Static<typeof newsFileSchema>;
export type HostMapFile = Static<typeof hostMapFileSchema>;

const news = documentKind(newsSchema, { what: 'news', format: 'xylem-news-1', maxBytes: limits.newsAnswer });
const file = documentKind(newsFileSchema, {
  what: 'news file',
  format: 'xylem-news-file-1',
  maxBytes: limits.newsFile,
  check: ({ from, to }) => (from < to ? undefined : 'to: expected a version above "from"'),
});

const hostMap = documentKind(hostMapFileSchema, {
  what: 'host map file',
  format: 'xylem-host-map-file-1',
  maxBytes: limits.hostMapFile,
});

export const parseNews = news.parse;
export const encodeNews = news.encode;
export const parseNewsFile = file.parse;
export const encodeNewsFile = file.encode;
export const parseHostMapFile = hostMap.parse;
export const encodeHostMapFile = hostMap.encode;

/** What a node follows and has: environment to the version of its direction snapshot (0: none). */
export type NewsCursor = ReadonlyMap<EnvironmentId, number>;

const MAX_ENVIRONMENTS = 1000;

/** Reads the `since` of a news request. Throws E_INPUT. */
export function parseNewsCursor(text: string): NewsCursor {
  const cursor = new Map<EnvironmentId, number>();
  const parts = text.split(',');
  if (parts.length > MAX_ENVIRONMENTS) refuse(`at most ${MAX_ENVIRONMENTS} environments`);
  for (const part of parts) {
    const [id = '', digits = ''] = part.split('.', 2);
    if (!isEnvironmentId(id) || !/^(0|[1-9]\d{0,15})$/.test(digits) || part !== `${id}.${digits}`) {
      refuse('a list of <environment>.<snapshot version> joined by commas');
    }
    cursor.set(id, Number(digits));
  }
  return cursor;
}

/** The `since` for a cursor, sorted by environment. */
export function formatNewsCursor(cursor: NewsCursor): string {
  return [...cursor.entries()]
    .map(([environment, snapshot]) => `${environment}.${snapshot}`)
    .sort()
    .join(',');
}

function refuse(expected: string): never {
  throw new XylemError('E_INPUT', `since: expected ${expected}.`, { details: { key: 'since', expected } });
}
