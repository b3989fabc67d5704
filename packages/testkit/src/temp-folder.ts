import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cleanup, removeLater } from './cleanup.ts';

/** A fresh folder below the system's temporary folder, removed with all below it when `context` ends. */
export async function tempFolder(context: Cleanup, name = 'test'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `xylem-${name}-`));
  removeLater(context, () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }));
  return folder;
}
