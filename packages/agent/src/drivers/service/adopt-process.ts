import { realpathSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Difference } from '../../adopt/differences.ts';
import { findProgram } from '../../commands/program.ts';
import { accountOf } from '../../supervisor/account.ts';
import type { ServiceSpec } from '../../supervisor/protocol.ts';

/** A process as the kernel shows it. */
export interface SeenProcess {
  readonly program: string;
  readonly command: readonly string[];
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
}

/** Null: it is gone, or may not be looked at. */
export async function readProcess(pid: number): Promise<SeenProcess | null> {
  const at = (name: string): string => `/proc/${pid}/${name}`;
  try {
    const words = (text: string): string[] => text.split('\0').slice(0, -1);
    const status = await readFile(at('status'), 'utf8');
    const pairs = words(await readFile(at('environ'), 'utf8')).map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
    });
    return {
      program: await readlink(at('exe')),
      command: words(await readFile(at('cmdline'), 'utf8')),
      folder: await readlink(at('cwd')),
      variables: Object.fromEntries(pairs),
      uid: Number(/^Uid:\t\d+\t(\d+)/m.exec(status)?.[1] ?? -1),
      gid: Number(/^Gid:\t\d+\t(\d+)/m.exec(status)?.[1] ?? -1),
    };
  } catch {
    return null;
  }
}

/**
 * What is not as with a start by the package, whose tree is at `path` for now. Values are not repeated: they may be
 * somebody's secret.
 */
export function processDifferences(
  running: SeenProcess,
  spec: ServiceSpec,
  where: { readonly path: string; readonly tree: string },
): Difference[] {
  const found: Difference[] = [];
  const here = (text: string): string => text.replaceAll(where.tree, where.path);
  const [program = '', ...words] = spec.command.map(here);
  const [, ...has] = running.command;
  // A script: its interpreter comes first.
  const isScript = !isSameFile(running.program, program, running.folder);
  const [first, ...rest] = has;
  if (isScript && (first === undefined || !isSameFile(first, program, running.folder)))
    found.push({ path: 'its program', what: 'is another' });
  else if (!isSameWords(isScript ? rest : has, words, running.folder, where.path))
    found.push({ path: 'its arguments', what: 'are others' });
  for (const [name, value] of Object.entries(spec.environment)) {
    const now = running.variables[name];
    if (now === undefined) found.push({ path: `its variable ${name}`, what: 'is not set' });
    else if (now !== here(value)) found.push({ path: `its variable ${name}`, what: 'has another value' });
  }
  const account = accountOf(spec.terms ?? {});
  const uid = account?.uid ?? process.getuid?.() ?? 0;
  if (running.uid !== uid) found.push({ path: 'its user', what: 'is another' });
  else if (account !== null && running.gid !== account.gid)
    found.push({ path: 'its group', what: 'is another' });
  return found;
}

export function isSameFile(seen: string, wanted: string, folder: string): boolean {
  const named = wanted.includes('/') ? wanted : (findProgram(wanted) ?? wanted);
  return real(seen, folder) === real(named, folder);
}

/** Paths may be written from the folder in which either is started. */
function isSameWords(
  seen: readonly string[],
  wanted: readonly string[],
  folder: string,
  path: string,
): boolean {
  if (seen.length !== wanted.length) return false;
  return seen.every((word, i) => {
    const other = wanted[i] ?? '';
    return word === other || (real(word, folder) === real(other, path) && exists(word, folder));
  });
}

const absolute = (path: string, folder: string): string => (isAbsolute(path) ? path : join(folder, path));

function real(path: string, folder: string): string {
  try {
    return realpathSync(absolute(path, folder));
  } catch {
    return absolute(path, folder);
  }
}

function exists(path: string, folder: string): boolean {
  try {
    realpathSync(absolute(path, folder));
    return true;
  } catch {
    return false;
  }
}
