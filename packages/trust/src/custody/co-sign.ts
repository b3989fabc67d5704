import { jcsBytes, limits, parseJson } from '@xylem/core';
import { type PublicKey, type Signer, verifySignature } from '../keys/key-pair.ts';
import { invalidMetadata } from '../tuf/parse.ts';
import { canonicalBytes } from '../tuf/signatures.ts';

interface SignedFile {
  readonly signed: object;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** The metadata with these signers' signatures beside those that it has. One key signs once. */
export async function coSign(bytes: Uint8Array, signers: readonly Signer[]): Promise<Uint8Array> {
  const { signed, signatures } = read(bytes);
  const canonical = canonicalBytes(signed);
  const all = new Map(signatures.map(({ keyid, sig }) => [keyid, sig]));
  for (const signer of signers) {
    all.set(signer.keyId, Buffer.from(await signer.sign(canonical)).toString('hex'));
  }
  return jcsBytes({ signatures: [...all].map(([keyid, sig]) => ({ keyid, sig })), signed });
}

/** Those of the keys whose signature over this metadata verifies. */
export function signedBy(bytes: Uint8Array, keys: readonly PublicKey[]): PublicKey[] {
  const { signed, signatures } = read(bytes);
  const canonical = canonicalBytes(signed);
  const sigs = new Map(signatures.map(({ keyid, sig }) => [keyid, sig]));
  return keys.filter((key) => {
    const sig = sigs.get(key.keyId);
    return sig !== undefined && verifySignature(key.public, canonical, Buffer.from(sig, 'hex'));
  });
}

/** The signed part as plain JSON. @throws XylemError E_METADATA_INVALID */
export function signedPart(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return read(bytes).signed as Record<string, unknown>;
}

function read(bytes: Uint8Array): SignedFile {
  const json = parseJson(bytes, 'metadata', { maxBytes: limits.metadata, code: 'E_METADATA_INVALID' });
  const { signed, signatures } = (json ?? {}) as Partial<Record<keyof SignedFile, unknown>>;
  const isWhole =
    typeof signed === 'object' &&
    signed !== null &&
    Array.isArray(signatures) &&
    signatures.every(
      (one: Partial<SignedFile['signatures'][number]> | null) =>
        typeof one?.keyid === 'string' && typeof one.sig === 'string',
    );
  if (!isWhole) throw invalidMetadata('signed', 'it has no signed part with signatures');
  return { signed, signatures: signatures as SignedFile['signatures'] };
}
