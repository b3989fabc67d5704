import { Metadata, Signature } from '@tufjs/models';
import { jcsBytes } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { PublicKey, Signer } from '../../keys/key-pair.ts';
import { metadataPath, type RepositoryFile } from '../names.ts';
import type { Signed } from '../parse.ts';

/** Keys of a role and how many of them must sign (default 1). */
export interface RoleKeys {
  readonly keys: readonly PublicKey[];
  readonly threshold?: number;
}

/** A signed metadata file, ready to be written. */
export interface SignedRole {
  readonly role: string;
  readonly version: number;
  readonly file: RepositoryFile;
}

export const specVersion = '1.0.31';

/** Signs by all signers and encodes. */
export async function signMetadata(
  role: string,
  signed: Signed,
  signers: readonly Signer[],
): Promise<SignedRole> {
  const metadata = new Metadata<Signed>(signed);
  for (const signer of signers) {
    let canonical: Uint8Array = new Uint8Array();
    metadata.sign((data) => {
      canonical = data;
      return new Signature({ keyID: signer.keyId, sig: '' });
    });
    const sig = Buffer.from(await signer.sign(canonical)).toString('hex');
    metadata.signatures[signer.keyId] = new Signature({ keyID: signer.keyId, sig });
  }
  const file = { path: metadataPath(role, signed.version), bytes: jcsBytes(metadata.toJSON()) };
  return { role, version: signed.version, file };
}

/** The TUF key objects of these keys, by key id. */
export function tufKeys(keys: readonly PublicKey[]): Record<string, KeyJson> {
  return Object.fromEntries(keys.map((key) => [key.keyId, tufKey(key)]));
}

/** `keyids` and `threshold` as TUF writes them. */
export function roleJson({ keys, threshold }: RoleKeys): { keyids: string[]; threshold: number } {
  return { keyids: keys.map((key) => key.keyId), threshold: threshold ?? 1 };
}

export function expiryAfter(nowMs: number, lifetimeMs: number): string {
  return formatTime(nowMs + lifetimeMs);
}

type KeyJson = { keytype: string; scheme: string; keyval: { public: string } };

function tufKey(key: PublicKey): KeyJson {
  return {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: Buffer.from(key.public).toString('hex') },
  };
}
