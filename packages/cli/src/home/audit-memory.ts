import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { changing } from './changing.ts';

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

/**
 * Remembers what was verified last. Of two that verified at once the one that saw more of the same log counts, unless
 * what was remembered is to be forgotten (`anew`).
 */
export async function rememberAudit(
  folder: string,
  url: string,
  seen: RememberedAudit,
  anew: boolean,
): Promise<void> {
  const { writeFileAtomic } = await import('@xylem/platform');
  await changing(folder, async () => {
    const memory = await readAuditMemory(folder);
    const before = memory[url];
    if (!anew && before?.key === seen.key && before.sequence > seen.sequence) return;
    const next = { ...memory, [url]: seen };
    await writeFileAtomic(pathOf(folder), `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
  });
}
