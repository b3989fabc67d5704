import { type ErrorCode, fromB64u, limits, type Operators, XylemError } from '@xylem/core';
import { type Envelope, parseEnvelope, preAuthEncoding } from '../envelope/envelope.ts';
import { type PublicKey, publicKeyOf, type Signer, verifySignature } from '../keys/key-pair.ts';

/** Two thresholds of at most eight keys. */
const mostSignatures = 16;

/** The keys of an operators' document. */
export const operatorKeys = ({ keys }: Pick<Operators, 'keys'>): PublicKey[] =>
  keys.map((key) => publicKeyOf(fromB64u(key.public)));

/**
 * Decodes an envelope of the given type, its signatures unread.
 * @param code of the error when it is none
 * @throws XylemError
 */
export function readSigned(input: Uint8Array | object, payloadType: string, code: ErrorCode): Envelope {
  try {
    const envelope = parseEnvelope(input, limits.operatorsDocument, mostSignatures);
    if (envelope.payloadType === payloadType) return envelope;
  } catch (cause) {
    if (!(cause instanceof XylemError)) throw cause;
    throw new XylemError(code, cause.message, { cause });
  }
  throw new XylemError(code, `This is no envelope of the type ${payloadType}.`);
}

/**
 * Which of these keys signed, each once, whatever key id a signature carries: a threshold counts keys (TUF 6.1), and
 * signatures by others say nothing.
 */
export function signedBy<Key extends PublicKey>(
  { payloadType, payload, signatures }: Envelope,
  keys: readonly Key[],
): Key[] {
  const bytes = preAuthEncoding(payloadType, payload);
  return keys.filter((key) => signatures.some(({ sig }) => verifySignature(key.public, bytes, sig)));
}

/** The envelope as the object that desired states carry; by no signer: a draft, to be signed elsewhere. */
export async function signDocument(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly Signer[],
): Promise<SignedDocument> {
  const bytes = preAuthEncoding(payloadType, payload);
  const signatures: SignedDocument['signatures'][number][] = [];
  for (const signer of signers) {
    const sig = Buffer.from(await signer.sign(bytes)).toString('base64');
    signatures.push({ keyid: signer.keyId, sig });
  }
  return { payloadType, payload: Buffer.from(payload).toString('base64'), signatures };
}

export interface SignedDocument {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}
