import { linkSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Smaller ones are not worth their links. */
const fromBytes = 64 * 1024;
const first = new Map<string, string>();

/**
 * Of large files that another host of this process has in the same tree, one is kept: ten thousand hosts have written
 * their own by now, each to one of ten thousand disks, where here they would fill the memory of one machine or wait for
 * its one disk.
 * @param tree a whole tree, verified, in a folder named by its digest
 */
export function keepOnce(tree: string): void {
  for (const entry of readdirSync(tree, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || statSync(path).size < fromBytes) continue;
    const what = join(basename(tree), path.slice(tree.length));
    const kept = first.get(what);
    if (kept === undefined || !replacedBy(kept, path)) first.set(what, path);
  }
}

/** False where the host that had it has removed it. */
function replacedBy(kept: string, path: string): boolean {
  const beside = `${path}.kept-once`;
  try {
    linkSync(kept, beside);
  } catch {
    return false;
  }
  renameSync(beside, path);
  return true;
}
