import { Snapshot, Targets } from '@tufjs/models';
import { jcsBytes } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { PublicKey, Signer } from '../../keys/key-pair.ts';
import { metadataPath, type RepositoryFile } from '../names.ts';
import type { Signed } from '../parse.ts';
import { canonicalBytes } from '../signatures.ts';

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
  const plain = plainOf(signed);
  const canonical = canonicalBytes(plain);
  const signatures = new Map<string, { keyid: string; sig: string }>();
  for (const signer of signers) {
    const sig = Buffer.from(await signer.sign(canonical)).toString('hex');
    signatures.set(signer.keyId, { keyid: signer.keyId, sig });
  }
  const file = {
    path: metadataPath(role, signed.version),
    bytes: jcsBytes({ signatures: [...signatures.values()], signed: plain }),
  };
  return { role, version: signed.version, file };
}

/** As the library's `toJSON`, which copies all former entries of a map for each of them. */
function plainOf(signed: Signed): object {
  if (signed instanceof Snapshot) {
    const { version, specVersion: spec, expires, unrecognizedFields } = signed;
    const rest = new Snapshot({ version, specVersion: spec, expires, unrecognizedFields, meta: {} }).toJSON();
    return { ...rest, meta: plainMap(signed.meta) };
  }
  if (!(signed instanceof Targets)) return signed.toJSON();
  const { delegations, version, specVersion: spec, expires, unrecognizedFields } = signed;
  const rest = new Targets({ version, specVersion: spec, expires, unrecognizedFields, targets: {} }).toJSON();
  const targets = plainMap(signed.targets);
  if (delegations === undefined) return { ...rest, targets };
  const { keys, roles } = delegations;
  const listed = Object.values(roles ?? {}).map((role) => role.toJSON());
  return {
    ...rest,
    targets,
    delegations: { ...delegations.unrecognizedFields, keys: plainMap(keys), roles: listed },
  };
}

function plainMap(map: Readonly<Record<string, { toJSON(): object }>>): object {
  return Object.fromEntries(Object.entries(map).map(([name, entry]) => [name, entry.toJSON()]));
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
