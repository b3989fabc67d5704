import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Key, Metadata, type Root, Signature, type Targets } from '@tufjs/models';
import { XylemError } from '@xylem/core';
import { rawOfSpki, spkiOf } from '../keys/key-pair.ts';

/** Who delegates a role, and so says which keys must have signed it. */
export type Delegator = Metadata<Root> | Metadata<Targets>;

/** What a check of signatures looks at: plain JSON, with every field that was read, also those that we don't know. */
export interface PlainMetadata {
  readonly signed: object;
  /** By key id. */
  readonly signatures: ReadonlyMap<string, string>;
}

/**
 * A threshold counts keys, not key ids: what signs under two ids, or is written in two ways, counts once. A
 * signature that does not verify counts for nothing and spoils nothing (client workflow 5.3.4, 5.4.2, 5.5.3, 5.6.3).
 * @throws XylemError E_METADATA_SIGNATURE unless enough keys that `delegator` names for `role` signed
 */
export function verifyThreshold(delegator: Delegator, role: string, metadata: PlainMetadata): void {
  const { keyIds, threshold, keys } = signersOf(delegator, role);
  const bytes = canonicalBytes(metadata.signed);
  const signers = new Set<string>();
  for (const keyId of keyIds) {
    const key = Object.hasOwn(keys, keyId) ? keys[keyId] : undefined;
    const signature = metadata.signatures.get(keyId);
    const checker = key === undefined || signature === undefined ? null : checkerOf(key);
    if (checker?.verify(bytes, signature ?? '') !== true) continue;
    if (threshold === 1) return;
    signers.add(checker.identity());
  }
  if (signers.size < threshold) {
    throw refused(role, `it was signed by ${signers.size} of the ${threshold} keys that it needs`);
  }
}

/**
 * The canonical form (specification 4.1) of what is signed.
 * @throws XylemError E_METADATA_INVALID for what it can't express: fractions
 */
export function canonicalBytes(signed: object): Uint8Array {
  let bytes: Uint8Array = new Uint8Array();
  try {
    // The library has its canonical JSON only behind `sign`.
    new Metadata({ toJSON: () => signed } as Root).sign((data) => {
      bytes = data;
      return new Signature({ keyID: '', sig: '' });
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError('E_METADATA_INVALID', `The metadata has no canonical form: ${why}.`, {
      cause,
      retry: 'elsewhere',
    });
  }
  return bytes;
}

/**
 * Specification 4.3: "Clients MUST calculate each KEYID to verify this is correct for the associated key." Fields that
 * the specification does not know may be in the calculation or not: signers in the field do either.
 */
export function hasOwnId(key: Key, sha256Of: (bytes: Uint8Array) => string): boolean {
  const { keyType: keytype, scheme, keyVal: keyval } = key;
  const known = { keytype, scheme, keyval };
  return [known, { ...key.unrecognizedFields, ...known }].some(
    (form) => sha256Of(canonicalBytes(form)) === key.keyID,
  );
}

interface Signers {
  readonly keyIds: readonly string[];
  readonly threshold: number;
  readonly keys: Readonly<Record<string, Key>>;
}

function signersOf({ signed }: Delegator, role: string): Signers {
  if ('consistentSnapshot' in signed) {
    const named = Object.hasOwn(signed.roles, role) ? signed.roles[role] : undefined;
    if (named !== undefined) return { keyIds: named.keyIDs, threshold: named.threshold, keys: signed.keys };
  } else if (signed.delegations !== undefined) {
    const { keys, roles = {}, succinctRoles } = signed.delegations;
    const named = Object.hasOwn(roles, role) ? roles[role] : undefined;
    const bin = succinctRoles?.isDelegatedRole(role) === true ? succinctRoles : undefined;
    const signers = named ?? bin;
    if (signers !== undefined) return { keyIds: signers.keyIDs, threshold: signers.threshold, keys };
  }
  throw refused(role, 'nobody delegates to it');
}

interface Checker {
  /** The same for the same key, however it is written. */
  identity(): string;
  verify(bytes: Uint8Array, hexSignature: string): boolean;
}

/** A delegator is kept while others are checked by it, again and again. */
const known = new WeakMap<Key, Checker | null>();

function checkerOf(key: Key): Checker | null {
  const before = known.get(key);
  if (before !== undefined) return before;
  const checker = makeChecker(key);
  known.set(key, checker);
  return checker;
}

/** Specification 4.2: keys and signature schemes that it names, and their larger kin. Null: no key that we know. */
function makeChecker({ keyType, scheme, keyVal }: Key): Checker | null {
  try {
    const key = publicKeyOf(keyType, scheme, keyVal.public ?? '');
    const way = key === null ? null : schemeOf(keyType, scheme, key);
    if (key === null || way === null) return null;
    return {
      identity: () => key.export({ format: 'der', type: 'spki' }).toString('base64'),
      verify: (bytes, hex) =>
        /^(?:[0-9a-f]{2})+$/i.test(hex) &&
        verify(way.hash, bytes, { key, ...way.options }, Buffer.from(hex, 'hex')),
    };
  } catch {
    return null;
  }
}

function publicKeyOf(keyType: string, scheme: string, text: string): KeyObject | null {
  if (text.startsWith('-----BEGIN PUBLIC KEY-----')) return createPublicKey(text);
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return null;
  const raw = Buffer.from(text, 'hex');
  if (keyType === 'ed25519') {
    const spki = spkiOf(raw);
    return rawOfSpki(spki) === null ? null : createPublicKey({ key: spki, format: 'der', type: 'spki' });
  }
  const prefix = ecPrefixes[scheme];
  if (prefix === undefined) return null;
  return createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' });
}

/** SubjectPublicKeyInfo up to the uncompressed point, by scheme. */
const ecPrefixes: Readonly<Record<string, Buffer>> = {
  'ecdsa-sha2-nistp256': Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'),
  'ecdsa-sha2-nistp384': Buffer.from('3076301006072a8648ce3d020106052b81040022036200', 'hex'),
};

const ecCurves: Readonly<Record<string, { readonly curve: string; readonly hash: string }>> = {
  'ecdsa-sha2-nistp256': { curve: 'prime256v1', hash: 'sha256' },
  'ecdsa-sha2-nistp384': { curve: 'secp384r1', hash: 'sha384' },
};

function schemeOf(
  keyType: string,
  scheme: string,
  key: KeyObject,
): { readonly hash: string | null; readonly options: { padding?: number; saltLength?: number } } | null {
  if (keyType === 'ed25519') {
    return scheme === 'ed25519' && key.asymmetricKeyType === 'ed25519' ? { hash: null, options: {} } : null;
  }
  if (keyType === 'rsa') {
    const [, padding, hash] = /^(rsassa-pss|rsa-pkcs1v15)-(sha256|sha384|sha512)$/.exec(scheme) ?? [];
    // 4.2: RSA keys have at least 2,048 bits.
    const isLong = (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    if (hash === undefined || key.asymmetricKeyType !== 'rsa' || !isLong) return null;
    const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO } = constants;
    return padding === 'rsassa-pss'
      ? { hash, options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_AUTO } }
      : { hash, options: { padding: RSA_PKCS1_PADDING } };
  }
  const curve = keyType === 'ecdsa' || keyType === scheme ? ecCurves[scheme] : undefined;
  if (curve === undefined || key.asymmetricKeyType !== 'ec') return null;
  return key.asymmetricKeyDetails?.namedCurve === curve.curve ? { hash: curve.hash, options: {} } : null;
}

function refused(role: string, why: string): XylemError {
  return new XylemError('E_METADATA_SIGNATURE', `The ${role.slice(0, 100)} metadata is refused: ${why}.`, {
    retry: 'elsewhere',
  });
}
