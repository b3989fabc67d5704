import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Randomness } from '@xylem/platform';

/**
 * What `${node}` stands for where this program is a single executable: a link to it by the name `node`, which makes it
 * one. It keeps its path when the agent is updated, so that no service has to be started again for that.
 */
export async function linkedNode(stateFolder: string, randomness: Randomness): Promise<string> {
  const folder = join(stateFolder, 'agent');
  const link = join(folder, 'node');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made = `${link}.${randomness.bytes(6).toString('hex')}.tmp`;
  await symlink(process.execPath, made);
  await rename(made, link);
  return link;
}
