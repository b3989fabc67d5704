import { chmod, chown, lchown, lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import type { StateLayout } from '../../state/layout.ts';
import type { Account } from '../../supervisor/account.ts';

/**
 * Lets a service's user come to its tree, and gives it the data folder. What else lies in the state folder stays
 * closed: everything beside the components' folders loses what others may, before the state folder lets anybody
 * through.
 * @throws XylemError E_PERMISSION when a folder above the state folder lets the user not through
 */
export async function openTo(account: Account, layout: StateLayout, component: string): Promise<void> {
  if (account.uid === process.getuid?.()) return;
  await openState(layout);
  for (let folder = resolve(layout.root); folder !== '/'; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bits = uid === account.uid ? mode >> 6 : gid === account.gid ? mode >> 3 : mode;
    if ((bits & 0o1) !== 0) continue;
    throw new XylemError(
      'E_PERMISSION',
      `${component} runs as ${account.name}, who can't come to its files: ${folder} lets only others through. ` +
        `chmod o+x ${folder}, or keep the state folder elsewhere.`,
    );
  }
  await give(layout.component(component).data, account);
}

async function openState(layout: StateLayout): Promise<void> {
  const { mode } = await stat(layout.root);
  if ((mode & 0o011) === 0o011) return;
  for (const name of await readdir(layout.root)) {
    const path = join(layout.root, name);
    if (path === layout.components) continue;
    const found = await lstat(path);
    if (!found.isSymbolicLink()) await chmod(path, found.mode & 0o700);
  }
  await chmod(layout.root, 0o711);
}

/** All of it once; when the folder is the user's, what lies in it is the user's own affair. */
async function give(folder: string, { uid, gid }: Account): Promise<void> {
  const found = await lstat(folder);
  if (found.uid === uid && found.gid === gid) return;
  await giveBelow(folder, uid, gid);
  // Last: a host that is killed meanwhile begins again.
  await chown(folder, uid, gid);
}

async function giveBelow(folder: string, uid: number, gid: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // Another name of a file that lies elsewhere must not become the user's by this one.
    if (!entry.isDirectory() && (await lstat(path)).nlink > 1) continue;
    if (entry.isDirectory()) await giveBelow(path, uid, gid);
    await lchown(path, uid, gid);
  }
}
