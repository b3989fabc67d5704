import { limits } from '../limits.ts';
import { array, integer, literal, nullable, object, record, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { b64u, digest, repositoryId, time } from './fields.ts';

/** docs/spec/custody.md: keys, who signs with them, and ceremonies. */

/** What a key was made for: a word for people. */
const what = string({
  title: 'what the key is for, at most 200 characters without control characters',
  pattern: '^[^\\p{Cc}]+$',
  maxLength: 200,
});
const key = { keyid: digest, public: b64u, what };
const ofKeyFile = { maxBytes: 16 * 1024, code: 'E_KEY_INVALID' } as const;

const keyFileSchema = object({
  format: literal('xylem-key-1'),
  ...key,
  kdf: nullable(
    object({
      name: literal('argon2id'),
      // Bounds, so that a file can't make its reader work for ever.
      memoryKiB: integer({ minimum: 8, maximum: 1_048_576 }),
      passes: integer({ minimum: 1, maximum: 16 }),
      lanes: integer({ minimum: 1, maximum: 16 }),
      salt: b64u,
    }),
  ),
  cipher: nullable(literal('aes-256-gcm')),
  nonce: nullable(b64u),
  sealed: b64u,
});
export type KeyFile = Static<typeof keyFileSchema>;
const keyFile = documentKind(keyFileSchema, {
  what: 'key file',
  format: 'xylem-key-1',
  ...ofKeyFile,
  check: ({ kdf, cipher, nonce }) =>
    (kdf === null) === (cipher === null) && (cipher === null) === (nonce === null)
      ? undefined
      : 'kdf, cipher and nonce are given together or not at all',
});
export const parseKeyFile = keyFile.parse;
export const encodeKeyFile = keyFile.encode;

const publicKeySchema = object({ format: literal('xylem-public-key-1'), ...key });
const publicKey = documentKind(publicKeySchema, {
  what: 'public key file',
  format: 'xylem-public-key-1',
  ...ofKeyFile,
});
export const parsePublicKeyFile = publicKey.parse;
export const encodePublicKeyFile = publicKey.encode;

const signerFileSchema = object({
  format: literal('xylem-signer-1'),
  ...key,
  command: array(string({ minLength: 1, maxLength: 4096 }), { minItems: 1, maxItems: 100 }),
  timeoutMs: integer({ minimum: 100, maximum: 3_600_000 }),
});
export type SignerFile = Static<typeof signerFileSchema>;
const signerFile = documentKind(signerFileSchema, {
  what: 'signer file',
  format: 'xylem-signer-1',
  ...ofKeyFile,
});
export const parseSignerFile = signerFile.parse;
export const encodeSignerFile = signerFile.encode;

const metadata = string({ minLength: 2, maxLength: limits.metadata });
const roleName = string({ title: 'the name of a role', pattern: '^[a-z0-9-]{1,64}$' });

const ceremonySchema = object({
  format: literal('xylem-ceremony-1'),
  repository: repositoryId,
  began: time,
  trusted: object({
    roots: array(metadata, { minItems: 1, maxItems: 1024 }),
    targets: nullable(metadata),
    roles: record(roleName, metadata),
  }),
  next: array(object({ role: roleName, base: integer(), metadata }), { minItems: 1, maxItems: 1024 }),
});
export type Ceremony = Static<typeof ceremonySchema>;
const ceremony = documentKind(ceremonySchema, {
  what: 'ceremony file',
  format: 'xylem-ceremony-1',
  maxBytes: limits.metadata,
});
export const parseCeremony = ceremony.parse;
export const encodeCeremony = ceremony.encode;
