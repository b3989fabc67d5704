import { limits, XylemError } from '@xylem/core';
import type { Repository } from '@xylem/store';
import { metadataPath, type RootState, readRoot } from '@xylem/trust';
import { repositoryPath } from '../publishing/repository-files.ts';

/** A repository's roots as they lie in the folder, from `1.root.json` on. They were checked before they came there. */
export async function readRoots(folder: Repository, repository: string): Promise<Buffer[]> {
  const roots: Buffer[] = [];
  for (;;) {
    const path = repositoryPath(repository, metadataPath('root', roots.length + 1));
    const bytes = await folder.readFile(path);
    if (bytes === null) return roots;
    if (bytes.length > limits.rootMetadata) throw new XylemError('E_STATE_DAMAGED', `${path} is too large.`);
    roots.push(bytes);
  }
}

/** @throws XylemError E_STATE_DAMAGED */
export async function newestRoot(folder: Repository, repository: string): Promise<RootState> {
  const newest = (await readRoots(folder, repository)).at(-1);
  if (newest !== undefined) return readRoot(newest);
  throw new XylemError(
    'E_STATE_DAMAGED',
    `${repositoryPath(repository, metadataPath('root', 1))} is missing. Restore it from the backup.`,
  );
}

/** Whether metadata carries a signature of this key; what this server wrote itself verifies. */
export function isSignedBy(bytes: Uint8Array, key: { readonly keyId: string }): boolean {
  const { signatures } = JSON.parse(Buffer.from(bytes).toString()) as { signatures: { keyid: string }[] };
  return signatures.some(({ keyid }) => keyid === key.keyId);
}
