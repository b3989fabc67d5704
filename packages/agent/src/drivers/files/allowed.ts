import { sep } from 'node:path';
import { XylemError } from '@xylem/core';

/** Who may sign in and as whom, what is loaded into every program, and this program's own: no package's files. */
const never = [
  ...['passwd', 'shadow', 'group', 'gshadow'].flatMap((name) => [`/etc/${name}`, `/etc/${name}-`]),
  '/etc/subuid',
  '/etc/subgid',
  '/etc/sudoers',
  '/etc/sudo.conf',
  '/etc/doas.conf',
  '/etc/ld.so.preload',
  '/etc/sudoers.d/**',
  '/etc/pam.d/**',
  '/etc/security/**',
  '/etc/polkit-1/**',
  '/etc/ssh/**',
  '/**/.ssh/**',
  '/proc/**',
  '/sys/**',
  '/dev/**',
  '/etc/xylem/**',
  '/usr/lib/xylem/**',
  '/opt/xylem/**',
  ...['/etc', '/run', '/lib', '/usr/lib', '/usr/local/lib'].flatMap((folder) => [
    `${folder}/systemd/system/xylem*`,
    `${folder}/systemd/system/xylem*/**`,
  ]),
].map(patternOf);

export interface Ground {
  /** The agent's state folder, by its real path. */
  readonly state: string;
  /** The component's data folder, by its real path. */
  readonly data: string;
  /** Path patterns that root of the host allows; null where it says nothing. */
  readonly allow: readonly string[] | null;
}

/**
 * Whether a package may place a file at a path: not where this program keeps its own or where who is who is said, and
 * where root of the host named paths, only there. The component's own data folder is always its own. Pure.
 * @throws XylemError E_FILE_DENIED
 */
export function refuseDenied(path: string, { state, data, allow }: Ground): void {
  if (isBelow(path, data)) return;
  const denied = (why: string): XylemError =>
    new XylemError('E_FILE_DENIED', `${path} is not placed: ${why}.`, { details: { path } });
  if (isBelow(path, state) || path === state) throw denied("it lies in the agent's state folder");
  if (never.some((pattern) => pattern.test(path))) throw denied('no package may place it');
  if (allow === null || allow.some((pattern) => patternOf(pattern).test(path))) return;
  throw denied("this host's policy does not allow it");
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}${sep}`);
}

/** `*` stands for any part of a name, `**` for any number of folders and names. Pure. */
function patternOf(pattern: string): RegExp {
  const source = pattern.replace(/\/\*\*(?=\/|$)|\*\*?|[\\^$.|?+()[\]{}]/g, (found) => {
    if (found === '/**') return '(?:/[^/]+)*';
    return found.startsWith('*') ? '[^/]*' : `\\${found}`;
  });
  return new RegExp(`^${source}$`, 's');
}
