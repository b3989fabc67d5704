import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostId } from '@xylem/core';
import { loadKeyFile, saveKeyFile } from '../keys/key-file.ts';
import { hostIdOf, type KeyPair } from '../keys/key-pair.ts';

/**
 * `first-key.pem` (0600), from the first rotation on: the key whose digest is the host's id. It renews, reports and
 * opens nothing any more; it says alone what the host's recipient of secrets is, wherever the host goes
 * (docs/spec/secrets.md). Who keeps a copy of it could say so too, and could before.
 */
export async function keepFirstKey(folder: string, host: HostId): Promise<void> {
  const present = await loadKeyFile(join(folder, 'key.pem'));
  if (hostIdOf(present.public) === host) await saveKeyFile(join(folder, 'first-key.pem'), present);
}

/**
 * The key whose digest is the host's id, or null: it was replaced before it was kept.
 * @throws XylemError E_KEY_INVALID
 */
export async function loadFirstKey(
  folder: string,
  { host, key }: { readonly host: HostId; readonly key: KeyPair },
): Promise<KeyPair | null> {
  if (hostIdOf(key.public) === host) return key;
  const path = join(folder, 'first-key.pem');
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return null;
  const first = await loadKeyFile(path);
  return hostIdOf(first.public) === host ? first : null;
}
