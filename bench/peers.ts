import { lstatSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { cleanup, differences, installDebian, listing, tempFolder } from '@xylem/testkit';
import type { Bench, Measured } from './bench.ts';
import { bytesBelow, copyTree, settleTimes, tarOf } from './peers/files.ts';
import { type Costs, type Method, noCosts, type Row, type Versions } from './peers/method.ts';
import { chooseMethods, methodWords } from './peers/methods.ts';
import { cacheFolder, fetchPair, pairNames } from './peers/pairs.ts';
import { pictureOf } from './peers/picture.ts';
import { tableOf } from './peers/table.ts';

/** From so many bytes of the new tree on, methods that take many minutes are run only where they are named. */
const largeBytes = 100e6;
/** Of why a method failed: programs say it last. */
const saidCharacters = 300;

type Say = (line: string) => void;

export const bench: Bench = {
  usage: `[--pair ${pairNames.join('|')} ...] [--old DIR --new DIR] [--methods ${methodWords.join(',')}] [--rows FILE ...] [--picture FILE]
  brings a host from an old version to a new one by each method, in one run, and prints one table: docs/benchmarks.md
  says what each figure is. Without --pair and --old all pairs by name, which npm fetches once into
  ${cacheFolder}; without --methods all, bsdiff on pairs below 100 MB alone. --rows adds
  what earlier runs printed with --json; --picture draws all of it as an SVG.`,
  run: measureAll,
};

async function measureAll(words: readonly string[], say: Say): Promise<Measured> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      pair: { type: 'string', multiple: true },
      old: { type: 'string' },
      new: { type: 'string' },
      methods: { type: 'string' },
      rows: { type: 'string', multiple: true },
      picture: { type: 'string' },
    },
  });
  chooseMethods(values.methods, false);
  const given = foldersOf(values.old, values.new);
  const earlier = (await Promise.all((values.rows ?? []).map(rowsIn))).flat();
  const names = values.pair ?? (given === null && earlier.length === 0 ? pairNames : []);
  const rows: Row[] = [];
  if (given !== null) rows.push(...(await measurePair('given', given, values.methods, say)));
  for (const name of names) {
    say(`${name}: fetched into ${cacheFolder} where it is not there yet`);
    rows.push(...(await measurePair(name, await fetchPair(name), values.methods, say)));
  }
  const isNew = ({ pair, method }: Row): boolean =>
    rows.some((row) => row.pair === pair && row.method === method);
  rows.unshift(...earlier.filter((row) => !isNew(row)));
  for (const line of tableOf(rows)) say(line);
  if (values.picture !== undefined) await writeFileAtomic(values.picture, pictureOf(rows));
  return {
    inputs: { pairs: rows.length === 0 ? 'none' : [...new Set(rows.map(({ pair }) => pair))].join(', ') },
    figures: {},
    rows,
  };
}

/** @throws XylemError E_INPUT for what is no answer of this bench */
async function rowsIn(file: string): Promise<readonly Row[]> {
  const line = (await readFile(file, 'utf8')).split('\n').findLast((one) => one.startsWith('{'));
  const { figures } = JSON.parse(line ?? '{}') as { readonly figures?: { readonly rows?: readonly Row[] } };
  const rows = figures?.rows;
  if (rows === undefined) throw new XylemError('E_INPUT', `${file} has no rows.`);
  return rows.map((row) => ({ ...noCosts, ...row }));
}

interface Folders {
  readonly old: string;
  readonly next: string;
}

/** @throws XylemError E_INPUT for half a pair, and for what is no folder */
function foldersOf(old: string | undefined, next: string | undefined): Folders | null {
  if (old === undefined && next === undefined) return null;
  if (old === undefined || next === undefined)
    throw new XylemError('E_INPUT', '--old DIR and --new DIR go together.');
  for (const folder of [old, next])
    if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new XylemError('E_INPUT', `${folder} is no folder.`);
  return { old: resolve(old), next: resolve(next) };
}

/** All methods over copies of the two trees, each in a folder of its own that goes when it is done. */
async function measurePair(
  pair: string,
  folders: Folders,
  wanted: string | undefined,
  say: Say,
): Promise<readonly Row[]> {
  const context = cleanup();
  try {
    const work = await tempFolder(context, 'bench-peers');
    const [old, next] = [join(work, 'old', 'tree'), join(work, 'new', 'tree')];
    for (const [from, to] of [
      [folders.old, old],
      [folders.next, next],
    ] as const) {
      await mkdir(join(to, '..'));
      await copyTree(from, to);
    }
    await settleTimes(old, next);
    const bytes = await bytesBelow(next);
    say(`${pair}: ${Math.round(bytes / 1e6)} MB in the new version`);
    let tars: Promise<Folders> | undefined;
    const versions: Versions = {
      old,
      next,
      tars: () => {
        tars ??= Promise.all([tarOf(old, join(work, 'old.tar')), tarOf(next, join(work, 'new.tar'))]).then(
          ([oldTar, nextTar]) => ({ old: oldTar, next: nextTar }),
        );
        return tars;
      },
    };
    const rows: Row[] = [];
    for (const method of chooseMethods(wanted, bytes > largeBytes)) {
      const row = await rowOf(pair, method, versions);
      say(tableOf([row]).at(-1) ?? '');
      rows.push(row);
    }
    return rows;
  } finally {
    await context.run();
  }
}

/** One method; what it lacks, or what went wrong in it, takes nothing from the others. */
async function rowOf(pair: string, method: Method, versions: Versions): Promise<Row> {
  const head = { pair, method: method.name };
  const missing = method.debian.length === 0 ? null : await installDebian(...method.debian);
  if (missing !== null) return { ...head, ...noCosts, absent: missing.skip };
  try {
    return { ...head, ...rounded(await measureOne(method, versions)) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { ...head, ...noCosts, absent: said.replaceAll(/\s+/g, ' ').slice(-saidCharacters) };
  }
}

async function measureOne(method: Method, versions: Versions): Promise<Costs> {
  const context = cleanup();
  try {
    const folder = await tempFolder(context, 'bench-peers');
    const check = async (tree: string): Promise<void> => {
      const [first, ...more] = differences(await listing(versions.next), await listing(tree));
      if (first !== undefined)
        throw new XylemError('E_INPUT', `Not the new version: ${first}, and ${more.length} more.`);
    };
    return await method.measure({ versions, folder, context, check });
  } finally {
    await context.run();
  }
}

/** Thousandths are all that clocks can say. */
function rounded(costs: Costs): Costs {
  const places = Object.entries(costs).map(([key, value]: [string, number | null]) => [
    key,
    value === null ? null : Number(value.toFixed(3)),
  ]);
  return Object.fromEntries(places) as Costs;
}
