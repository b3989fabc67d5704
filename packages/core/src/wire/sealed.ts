import { integer, literal, object, string } from '../schema/build.ts';
import { issuesOf } from '../schema/check.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import * as f from './fields.ts';

/** docs/spec/secrets.md. */

/** Of the text that is sealed, in UTF-8. */
export const sealedValueMaxBytes = 32 * 1024;
const sealedMaxChars = 96 * 1024;

const generation = integer({ title: 'the number of a generation of keys', minimum: 1 });
/** Says "another value", and nothing about it. */
const version = string({ title: 'a version of a value (32 hexadecimal digits)', pattern: '^[0-9a-f]{32}$' });
const ageText = string({
  title: 'an age file in base64',
  pattern: '^[A-Za-z0-9+/]+={0,2}$',
  maxLength: sealedMaxChars,
});
const ageRecipient = string({ title: 'an age recipient', pattern: '^age1[02-9ac-hj-np-z]{58}$' });
/** Who can wrap, in words. */
const holderName = string({
  title: 'a name of at most 100 characters without control characters',
  pattern: '^[^\\p{Cc}]+$',
  maxLength: 100,
});
const configKey = string({ minLength: 1, maxLength: 255 });
const ageIdentity = string({ title: 'an age identity', pattern: '^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$' });

const sealedSchema = object({ generation, version, holder: holderName, age: ageText });
export type Sealed = Static<typeof sealedSchema>;

/** What stands in configuration in the place of a string. */
export interface SealedValue {
  readonly $sealed: Sealed;
}

/** Whether the value claims to be sealed: no other value may have this key. */
export function isSealed(value: unknown): value is { readonly $sealed: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$sealed');
}

/** The sealed value, or null where it claims to be one and is not well formed. */
export function readSealed(value: { readonly $sealed: unknown }): Sealed | null {
  if (Object.keys(value).length !== 1 || issuesOf(sealedSchema, value.$sealed).length > 0) return null;
  return value.$sealed as Sealed;
}

/** `keys` of a host map entry: generation to age file. */
export const wrappedKey = ageText;
export const generationKey = string({ title: 'the number of a generation', pattern: '^[1-9][0-9]{0,8}$' });

/** A host's word about its own recipient, in its reports. */
export const recipientStatementSchema = object({
  recipient: ageRecipient,
  key: string({ title: 'a raw Ed25519 key in b64u', pattern: '^[A-Za-z0-9_-]{43}$' }),
  signature: string({ title: 'an Ed25519 signature in b64u', pattern: '^[A-Za-z0-9_-]{86}$' }),
});
export type RecipientStatement = Static<typeof recipientStatementSchema>;

/** What a recipient statement's signature is over, as DSSE's type and payload. */
export const recipientPayloadType = 'application/vnd.xylem.recipient+json';
const recipientSchema = object({
  format: literal('xylem-recipient-1'),
  host: f.hostId,
  environment: f.environmentId,
  recipient: ageRecipient,
});
const recipientKind = documentKind(recipientSchema, {
  what: 'recipient',
  format: 'xylem-recipient-1',
  maxBytes: 4096,
  code: 'E_SECRET_INVALID',
});
export const parseRecipient = recipientKind.parse;
export const encodeRecipient = recipientKind.encode;

const contentSchema = object({
  format: literal('xylem-sealed-1'),
  environment: f.environmentId,
  component: f.name,
  key: configKey,
  version,
  value: string({ maxLength: sealedValueMaxBytes }),
});
/** The plain text of a sealed value. Never shown: what is wrong with it is said without what it holds. */
export type SealedContent = Static<typeof contentSchema>;
/** Null for anything else: a schema's issue would quote what was opened. */
export const readSealedContent = (value: unknown): SealedContent | null =>
  issuesOf(contentSchema, value).length > 0 ? null : (value as SealedContent);

const dataKeySchema = object({
  format: literal('xylem-data-key-1'),
  environment: f.environmentId,
  generation,
  host: f.hostId,
  identity: ageIdentity,
});
/** The plain text of a wrapped data key. */
export type DataKeyContent = Static<typeof dataKeySchema>;
/** Null for anything else: a schema's issue would quote what was opened. */
export const readDataKeyContent = (value: unknown): DataKeyContent | null =>
  issuesOf(dataKeySchema, value).length > 0 ? null : (value as DataKeyContent);
