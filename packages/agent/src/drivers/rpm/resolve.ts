import { XylemError } from '@xylem/core';
import { ask } from '../system-packages/commands.ts';
import type { InstallRequest, PackageStatus } from '../system-packages/system.ts';
import { keyOf } from '../system-packages/wanted.ts';
import { canMakeWay } from './make-way.ts';
import { type Header, labelOf, type Named, queryFiles, type Relation } from './query.ts';
import { labelsOf } from './status.ts';
import { meets } from './versions.ts';

/** What rpm would be asked to do. */
export interface Resolved {
  /** Installed in one transaction. */
  readonly chosen: readonly Header[];
  /** Removed before it: the component's own that stand in the way. By name. */
  readonly first: readonly string[];
  /** What goes because something that comes replaces it. By name. */
  readonly replaced: readonly string[];
}

/** Going back and coming again are let through: they were asked for, and are judged before anything is done. */
const testFlags = ['-U', '--test', '--oldpackage', '--replacepkgs'] as const;

/**
 * Which packages of the release are needed for what is wanted, by what rpm says is missing. Nothing is changed.
 * @throws XylemError E_DEPENDENCY when there is no way, E_DISK_FULL, E_PACKAGE_FAILED, E_PACKAGE_SYSTEM
 */
export async function resolve(
  request: InstallRequest,
  status: PackageStatus,
  scratch: string,
): Promise<Resolved> {
  const { component, wanted, again, free } = request;
  const { installed, native } = status;
  const key = (one: Named): string => keyOf(one.package, one.architecture, native);
  const asked = wanted.filter((one) => {
    const found = installed.get(key(one));
    return again || found?.whole !== true || found.version !== one.version;
  });
  const replaces = (headers: readonly Header[]): string[] =>
    [...installed].flatMap(([name, one]) => {
      const comes = headers.some((header) => key(header) === name);
      return !comes && headers.some((header) => obsoletes(header, one)) ? [name] : [];
    });
  if (asked.length === 0) return { chosen: [], first: [], replaced: [] };
  const headers = await queryFiles(request.candidates);
  const chosen = asked.map((one) => headerOf(one, headers, component));
  for (;;) {
    const { code, output } = await ask('rpm', [...testFlags, '--', ...chosen.map(({ path }) => path)]);
    if (code === 0) return { chosen, first: [], replaced: replaces(chosen) };
    const taken = new Set(chosen.map(key));
    const more = missingIn(output)
      .map((missing) => headers.find((header) => !taken.has(key(header)) && provides(header, missing)))
      .find((header) => header !== undefined);
    if (more !== undefined) {
      chosen.push(more);
      continue;
    }
    if (free.length > 0 && /Failed dependencies:/.test(output)) {
      const ways = { chosen, free: labelsOf(free, status), scratch };
      if (await canMakeWay(ways)) return { chosen, first: free, replaced: replaces(chosen) };
    }
    throw noWay(request, output);
  }
}

function headerOf(wanted: Named, headers: readonly Header[], component: string): Header {
  const found = headers.find(
    (header) => labelOf(header) === labelOf(wanted) && header.version === wanted.version,
  );
  if (found !== undefined) return found;
  const what = labelOf(wanted);
  throw new XylemError(
    'E_PACKAGE_FAILED',
    `${component}: no package of its release says that it is ${what}.`,
  );
}

function obsoletes(header: Header, installed: Named): boolean {
  return header.obsoletes.some(
    ({ name, operator, version }) =>
      name === installed.package && (operator === '' || meets(installed.version, operator, version)),
  );
}

/** What rpm misses: a name, with operator and version where it says so; of alternatives all names. Pure. */
function missingIn(output: string): Relation[] {
  return output.split('\n').flatMap((line) => {
    const needed = /^\s+(.+) is needed by /.exec(line)?.[1];
    if (needed === undefined) return [];
    const plain = /^(\S+)(?: ([<>=]+) (\S+))?$/.exec(needed);
    if (plain !== null) {
      const [, name = '', operator = '', version = ''] = plain;
      return [{ name, operator, version }];
    }
    const words = needed.replace(/^\(|\)$/g, '').split(/[\s]+/);
    return words.map((name) => ({ name, operator: '', version: '' }));
  });
}

function provides(header: Header, { name, operator, version }: Relation): boolean {
  if (name.startsWith('/'))
    return header.files.includes(name) || header.provides.some((one) => one.name === name);
  return header.provides.some(
    (one) =>
      one.name === name && (operator === '' || (one.version !== '' && meets(one.version, operator, version))),
  );
}

const mostText = 1_500;

function noWay({ component }: InstallRequest, output: string): XylemError {
  const text = output.trim();
  const unmet = / (?:is needed by|conflicts with|is obsoleted by) /;
  const lines = text.split('\n').filter((line) => /^\s/.test(line) && unmet.test(line));
  if (lines.length > 0 && /Failed dependencies:/.test(text)) {
    const why = lines.map((line) => line.trim()).join('; ');
    return new XylemError(
      'E_DEPENDENCY',
      `${component} can't be installed with the release and what is installed: ${why.slice(0, mostText)}. Carry what is missing in the package, or let its component come before with \`after\`.`,
      { retry: 'later' },
    );
  }
  const said = `rpm says: ${text.slice(-mostText)}`;
  if (/needs [0-9]+\S* (?:more )?(?:space|on the|inodes)/.test(text))
    return new XylemError('E_DISK_FULL', `There is no room for the packages of ${component}; ${said}`);
  if (/conflicts (?:with|between)|intended for a different/.test(text))
    return new XylemError('E_PACKAGE_FAILED', `${component} can't be installed; ${said}`);
  return new XylemError('E_PACKAGE_SYSTEM', `Whether ${component} can be installed is not known; ${said}`);
}
