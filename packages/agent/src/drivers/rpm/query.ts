import { XylemError } from '@xylem/core';
import { ask } from '../system-packages/commands.ts';

/** The name, architecture and version (`epoch:version-release`, without an epoch of 0) of a package. */
export interface Named {
  readonly package: string;
  readonly architecture: string;
  readonly version: string;
}

/** A relation to a name, with `operator` and `version` where it is said. */
export interface Relation {
  readonly name: string;
  readonly operator: string;
  readonly version: string;
}

/** What a package file says of itself. */
export interface Header extends Named {
  readonly path: string;
  readonly provides: readonly Relation[];
  readonly obsoletes: readonly Relation[];
  readonly files: readonly string[];
}

const named = '%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}}:{0}|\\t%{VERSION}\\t%{RELEASE}\\n';
const relations = (word: string, tag: string): string =>
  `[${word}\\t%{${tag}NAME}\\t%{${tag}FLAGS:depflags}\\t%{${tag}VERSION}\\n]`;

/** All that is installed, several of one name too. @throws XylemError E_PACKAGE_SYSTEM */
export async function queryInstalled(): Promise<Named[]> {
  const { code, output } = await ask('rpm', ['-qa', '--qf', `PACKAGE\\t${named}`]);
  if (code === 0) return linesOf(output, 'PACKAGE').map(parseNamed).filter(isReal);
  const why = output.trim().slice(-1_000);
  throw new XylemError('E_PACKAGE_SYSTEM', `rpm can't read its database on this host: ${why}`);
}

/** A key that rpm trusts is kept like a package. */
const isReal = ({ package: name }: Named): boolean => name !== 'gpg-pubkey';

/** @param paths of package files. @throws XylemError E_PACKAGE_FAILED for one that can't be read */
export async function queryFiles(paths: readonly string[]): Promise<Header[]> {
  if (paths.length === 0) return [];
  const format =
    `PACKAGE\\t${named}` +
    relations('PROVIDES', 'PROVIDE') +
    relations('OBSOLETES', 'OBSOLETE') +
    '[FILE\\t%{FILENAMES}\\n]';
  const { code, output } = await ask('rpm', ['-qp', '--qf', format, '--', ...paths]);
  const packages = output.split(/^(?=PACKAGE\t)/m).filter((text) => text.startsWith('PACKAGE\t'));
  if (code !== 0 || packages.length !== paths.length) {
    const why = output.trim().slice(-1_000);
    throw new XylemError('E_PACKAGE_FAILED', `Packages of the release can't be read by rpm: ${why}`);
  }
  return packages.map((text, i) => ({
    path: paths[i] ?? '',
    ...parseNamed(linesOf(text, 'PACKAGE')[0] ?? []),
    provides: linesOf(text, 'PROVIDES').map(parseRelation),
    obsoletes: linesOf(text, 'OBSOLETES').map(parseRelation),
    files: linesOf(text, 'FILE').map(([path = '']) => path),
  }));
}

function linesOf(output: string, word: string): string[][] {
  const lines = output.split('\n').filter((line) => line.startsWith(`${word}\t`));
  return lines.map((line) => line.slice(word.length + 1).split('\t'));
}

function parseNamed([
  name = '',
  architecture = '',
  epoch = '0',
  version = '',
  release = '',
]: string[]): Named {
  const evr = `${version}-${release}`;
  return { package: name, architecture, version: epoch === '0' ? evr : `${epoch}:${evr}` };
}

function parseRelation([name = '', operator = '', version = '']: string[]): Relation {
  return { name, operator: operator.trim(), version };
}

/** How rpm names a package in what it prints, and takes it: without the epoch. Pure. */
export function labelOf({ package: name, architecture, version }: Named): string {
  return `${name}-${version.replace(/^[0-9]+:/, '')}.${architecture}`;
}
