import { chmod, lstat, mkdir, rm, rmdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { stateMark } from './names.ts';

const memoryFileSystems = new Set([0x01021994, 0x858458f6]);

/**
 * Writes what is opened for a container where no disk ever sees it: the folder on the way can be entered by this user
 * alone, the files in it are read by whoever the container runs as.
 * @returns the folder
 * @throws XylemError E_SECRET_INVALID where this host has no memory file system
 */
export async function writeSecretFiles(
  root: string,
  component: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const [base] = await memoryFolders();
  if (base === undefined) {
    throw new XylemError(
      'E_SECRET_INVALID',
      `${component} has secret files, and this host has no tmpfs for them (/run, /dev/shm or XDG_RUNTIME_DIR).`,
    );
  }
  const own = join(base, `xylem-${stateMark(root)}`);
  await mkdir(own, { recursive: true, mode: 0o700 });
  await requireOwn(own);
  const folder = join(own, component);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o755 });
  for (const [name, text] of Object.entries(files)) {
    await writeFileAtomic(join(folder, name), text, { mode: 0o444 });
  }
  await chmod(folder, 0o755);
  return folder;
}

/** Removes what was written for a component, wherever it lies. */
export async function removeSecretFiles(root: string, component: string): Promise<void> {
  for (const base of await memoryFolders()) {
    const own = join(base, `xylem-${stateMark(root)}`);
    await rm(join(own, component), { recursive: true, force: true });
    // Fails while another component has files there.
    await rmdir(own).catch(() => undefined);
  }
}

/** In /dev/shm anybody could have made the folder before. */
async function requireOwn(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return;
  throw new XylemError('E_PERMISSION', `${folder} is not a folder of this user alone; remove it.`);
}

async function memoryFolders(): Promise<string[]> {
  const found: string[] = [];
  // That of a session goes with it: root's containers do not.
  for (const folder of [process.getuid?.() === 0 ? '/run' : '', process.env.XDG_RUNTIME_DIR, '/dev/shm']) {
    if (folder === undefined || folder === '') continue;
    const type = await statfs(folder).then(
      (stats) => stats.type,
      () => 0,
    );
    if (memoryFileSystems.has(type)) found.push(folder);
  }
  return found;
}
