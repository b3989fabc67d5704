import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import type { DriverTools } from '../driver.ts';
import { ask, stream } from '../system-packages/commands.ts';
import type { Verified } from '../system-packages/system.ts';
import { parseVerify } from '../system-packages/verify-lines.ts';
import { movesOfHost } from './moves.ts';
import { readTar, type TarEntry } from './tar.ts';

/** How dpkg takes a package of which several architectures may be there. */
const nameOf = ({ package: name, architecture }: Verified): string => `${name}:${architecture}`;

/** Byte for byte against the .debs where they are here; else against the checksums that dpkg keeps. */
export async function verifyDebs(
  packages: readonly Verified[],
  { signal }: Pick<DriverTools, 'signal'>,
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const one of packages) {
    const moves = await movesOfHost(one.package);
    if (one.file !== null) found.push(...(await verifyDeb(one, one.file, moves, signal)));
    else {
      const said = parseVerify('dpkg', await ask('dpkg', ['--verify', nameOf(one)]));
      found.push(...said.filter(({ path }) => !moves.isLeftOut(path)));
    }
  }
  return found;
}

type Moves = Awaited<ReturnType<typeof movesOfHost>>;

async function verifyDeb(
  one: Verified,
  file: string,
  moves: Moves,
  signal: AbortSignal,
): Promise<Difference[]> {
  const conffiles = await conffilesOf(one);
  const found: Difference[] = [];
  const digests = new Map<string, string>();
  const seen = new Set<string>();
  await members('--fsys-tarfile', file, signal, async (entry) => {
    signal.throwIfAborted();
    const path = absolute(entry.path);
    seen.add(path);
    const recorded = conffiles.get(path);
    const hashes = await hashesOf(entry, recorded !== undefined);
    digests.set(path, hashes.sha256);
    if (moves.isLeftOut(path)) return;
    const digest = entry.type === 'hard link' ? digests.get(absolute(entry.target)) : hashes.sha256;
    const what = await faultOf(moves.placeOf(path), entry, digest ?? '');
    if (recorded !== undefined && recorded !== hashes.md5)
      found.push({ path, what: 'came with other bytes from another package' });
    else if (what !== null) found.push({ path, what, ...(recorded === undefined ? {} : { kept: true }) });
  });
  for (const path of await listedBy(one)) {
    if (!seen.has(path) && !conffiles.has(path))
      found.push({ path, what: 'is not part of the package', extra: true });
  }
  return [...found, ...(await verifyScripts(one, file, signal))];
}

const scripts = ['preinst', 'postinst', 'prerm', 'postrm'];

/** Those that dpkg will run when the package goes or changes. */
async function verifyScripts(one: Verified, file: string, signal: AbortSignal): Promise<Difference[]> {
  const { output } = await ask('dpkg-query', ['--control-path', nameOf(one)]);
  const installed = new Map<string, string>();
  for (const path of output.split('\n')) {
    const script = basename(path).split('.').at(-1) ?? '';
    if (path.startsWith('/') && scripts.includes(script)) installed.set(script, path);
  }
  const found: Difference[] = [];
  const of = (script: string): string => `${script} of ${one.package}`;
  await members('--ctrl-tarfile', file, signal, async (entry) => {
    const script = absolute(entry.path).slice(1);
    if (!scripts.includes(script)) return;
    const { sha256 } = await hashesOf(entry, false);
    const path = installed.get(script);
    installed.delete(script);
    if (path === undefined) found.push({ path: of(script), what: 'is missing' });
    else if ((await fileDigest(path)) !== sha256) found.push({ path: of(script), what: 'has other bytes' });
  });
  for (const script of installed.keys())
    found.push({ path: of(script), what: 'is not part of the package', extra: true });
  return found;
}

async function members(
  what: string,
  file: string,
  signal: AbortSignal,
  look: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  await stream('dpkg-deb', [what, file], async (output) => {
    try {
      for await (const entry of readTar(output)) await look(entry);
      // What fills up its last blocks.
      for await (const _piece of output);
    } catch (cause) {
      if (cause instanceof XylemError || signal.aborted) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new XylemError('E_PACKAGE_FAILED', `${file} can't be compared with what is installed: ${why}`, {
        cause,
      });
    }
  });
}

/** `./usr/bin/shop` and `/usr/bin/`, as `/usr/bin`; what names the root itself, as `/`. Pure. */
function absolute(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

/** Of a path to the MD5 with which it came, by dpkg's own record; what an older version left is none. */
async function conffilesOf(one: Verified): Promise<Map<string, string>> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-query
  const { output } = await ask('dpkg-query', ['--show', '--showformat', '${Conffiles}\n', nameOf(one)]);
  const known = new Map<string, string>();
  for (const text of output.split('\n')) {
    const [, path, md5] =
      /^ (\/.*) ([0-9a-f]{32}|newconffile)(?: obsolete| remove-on-upgrade)*$/.exec(text) ?? [];
    if (path !== undefined && md5 !== undefined) known.set(path, md5);
  }
  return known;
}

async function listedBy(one: Verified): Promise<string[]> {
  const { output } = await ask('dpkg-query', ['--listfiles', nameOf(one)]);
  return output.split('\n').flatMap((path) => (path.startsWith('/') ? [absolute(path)] : []));
}

async function hashesOf({ content }: TarEntry, withMd5: boolean): Promise<{ sha256: string; md5: string }> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  for await (const piece of content) {
    sha256.update(piece);
    if (withMd5) md5.update(piece);
  }
  return { sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}

async function faultOf(path: string, entry: TarEntry, digest: string): Promise<string | null> {
  // A folder may be a link of the administrator's to where it really is.
  const at = await (entry.type === 'folder' ? stat(path) : lstat(path)).catch(() => null);
  if (at === null) return 'is missing';
  switch (entry.type) {
    case 'folder':
      return at.isDirectory() ? null : 'is no folder';
    case 'link':
      return at.isSymbolicLink() && (await readlink(path)) === entry.target ? null : 'is another link';
    case 'other':
      return at.isFile() || at.isDirectory() || at.isSymbolicLink() ? 'is another kind of file' : null;
    default:
      if (!at.isFile()) return 'is no file';
      if ((at.mode & 0o111) === 0 && (entry.mode & 0o111) !== 0) return 'can not be executed any more';
      return (await fileDigest(path)) === digest ? null : 'has other bytes';
  }
}

async function fileDigest(path: string): Promise<string> {
  const hash: Hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
