import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where this host has dpkg put files of packages elsewhere, or nowhere. */
export interface Moves {
  /** Where a file of the package is. */
  placeOf(path: string): string;
  /** Whether files of this name are not installed at all (`path-exclude`). */
  isLeftOut(path: string): boolean;
}

/** @param name of the package whose files are asked for: it is the one that has what it diverts itself */
export async function movesOfHost(name: string): Promise<Moves> {
  const diverted = parseDiversions(await readOr('/var/lib/dpkg/diversions'), name);
  const rules = parseRules(await settings());
  return {
    placeOf: (path) => diverted.get(path) ?? path,
    // The last one that fits.
    isLeftOut: (path) => rules.findLast(({ pattern }) => pattern.test(path))?.excludes === true,
  };
}

/** Three lines each: from where, to where, and for which package. Pure. */
function parseDiversions(text: string, name: string): Map<string, string> {
  const lines = text.split('\n');
  const diverted = new Map<string, string>();
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [from = '', to = '', by] = lines.slice(i, i + 3);
    if (by !== name) diverted.set(from, to);
  }
  return diverted;
}

/** dpkg's settings, in the order in which it reads them. */
async function settings(): Promise<string> {
  const folder = '/etc/dpkg/dpkg.cfg.d';
  const names = await readdir(folder).catch(() => []);
  const own = names.filter((name) => /^[A-Za-z0-9_-]+$/.test(name)).sort();
  const texts = await Promise.all([
    ...own.map((name) => readOr(join(folder, name))),
    readOr('/etc/dpkg/dpkg.cfg'),
  ]);
  return texts.join('\n');
}

/** Pure. */
function parseRules(text: string): { pattern: RegExp; excludes: boolean }[] {
  return text.split('\n').flatMap((line) => {
    const [, word, pattern] = /^\s*path-(exclude|include)[\s=]+"?(.+?)"?\s*$/.exec(line) ?? [];
    return pattern === undefined ? [] : [{ pattern: ofShell(pattern), excludes: word === 'exclude' }];
  });
}

/** fnmatch(3) without flags: `*` and `?` stand for a slash, too. Pure. */
function ofShell(pattern: string): RegExp {
  const parts = pattern.match(/\[[!^]?\]?[^\]]*\]|\\.|[^\\]|\\/gs) ?? [];
  const source = parts.map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1 && part.startsWith('['))
      return `[${part
        .slice(1, -1)
        .replace(/^!/, '^')
        .replace(/[\\\]]/g, '\\$&')}]`;
    return (part.length === 2 && part.startsWith('\\') ? part.slice(1) : part).replace(
      /[\\^$.*+?()[\]{}|/]/g,
      '\\$&',
    );
  });
  return new RegExp(`^${source.join('')}$`, 's');
}

const readOr = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
