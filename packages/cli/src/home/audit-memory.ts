import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';

/** What was last verified of one root server's audit log. */
export interface RememberedAudit {
  /** Its audit key, b64u. */
  readonly key: string;
  readonly sequence: number;
  readonly hash: string;
  readonly time: string;
}

/** By the address of the root server. */
export type AuditMemory = Readonly<Record<string, RememberedAudit>>;

const pathOf = (folder: string): string => join(folder, 'audit.json');

/** @throws XylemError E_INPUT: a damaged memory is not taken for none, or it could be made one */
export async function readAuditMemory(folder: string): Promise<AuditMemory> {
  const path = pathOf(folder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new XylemError('E_INPUT', `${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    const memory = JSON.parse(text) as Record<string, Partial<RememberedAudit>>;
    const isWhole = Object.values(memory).every(
      ({ key, sequence, hash }) =>
        typeof key === 'string' && Number.isSafeInteger(sequence) && typeof hash === 'string',
    );
    if (isWhole) return memory as AuditMemory;
  } catch {
    // Said below.
  }
  throw new XylemError('E_INPUT', `${path} is damaged. Remove it to verify the audit log anew.`);
}

export async function rememberAudit(folder: string, url: string, seen: RememberedAudit): Promise<void> {
  const { writeFileAtomic } = await import('@xylem/platform');
  const memory = { ...(await readAuditMemory(folder)), [url]: seen };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileAtomic(pathOf(folder), `${JSON.stringify(memory, null, 2)}\n`, { mode: 0o600 });
}
