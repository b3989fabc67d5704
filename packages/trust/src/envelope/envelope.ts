import { XylemError } from '@xylem/core';
import { hostIdOf, type KeyPair, verifySignature } from '../keys/key-pair.ts';

/** A DSSE envelope, decoded. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly keyid: string; readonly sig: Uint8Array }[];
}

export interface OpenedEnvelope {
  readonly payload: Uint8Array;
  /** The id under which the key that verified was found. */
  readonly keyId: string;
}

const maxSignatures = 8;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** DSSE's pre-authentication encoding: what is signed. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

/** The envelope as JCS. `keyId` is by default the host id of the key. */
export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  key: KeyPair,
  keyId: string = hostIdOf(key.public),
): Uint8Array {
  const sig = Buffer.from(key.sign(preAuthEncoding(payloadType, payload))).toString('base64');
  const text = JSON.stringify({
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: [{ keyid: keyId, sig }],
  });
  return Buffer.from(text);
}

/**
 * Opens an envelope: checks bounds, payload type and that one signature is by the key that `keyOf` knows for its
 * key id (raw Ed25519, null: unknown).
 * @param input bytes, or the already parsed JSON value (of a batch)
 * @param maxBytes of the decoded payload (default 1 MiB)
 * @throws XylemError E_ENVELOPE_INVALID
 */
export async function openEnvelope(
  input: Uint8Array | object,
  payloadType: string,
  keyOf: (keyId: string) => Uint8Array | null | Promise<Uint8Array | null>,
  maxBytes = 1024 * 1024,
): Promise<OpenedEnvelope> {
  const envelope = parseEnvelope(input, maxBytes);
  if (envelope.payloadType !== payloadType) {
    throw invalid(
      `its payload type is ${JSON.stringify(envelope.payloadType.slice(0, 100))}, not ${payloadType}`,
    );
  }
  const signed = preAuthEncoding(payloadType, envelope.payload);
  for (const { keyid, sig } of envelope.signatures) {
    const key = await keyOf(keyid);
    if (key !== null && verifySignature(key, signed, sig)) return { payload: envelope.payload, keyId: keyid };
  }
  throw invalid('no signature is by a known key');
}

/**
 * Decodes without checking any signature: for what only needs to look (a relay that folds).
 * @throws XylemError E_ENVELOPE_INVALID
 */
export function parseEnvelope(
  input: Uint8Array | object,
  maxBytes = 1024 * 1024,
  mostSignatures = maxSignatures,
): Envelope {
  const value = input instanceof Uint8Array ? parseJson(input, maxBytes) : input;
  const { payload, payloadType, signatures } = value as Record<string, unknown>;
  if (typeof payloadType !== 'string' || payloadType.length > 200)
    throw invalid('payloadType is no short string');
  if (typeof payload !== 'string') throw invalid('payload is no string');
  if (payload.length > Math.ceil(maxBytes / 3) * 4) throw invalid(`its payload is over ${maxBytes} bytes`);
  if (!Array.isArray(signatures) || signatures.length === 0 || signatures.length > mostSignatures) {
    throw invalid(`it has not between 1 and ${mostSignatures} signatures`);
  }
  return {
    payloadType,
    payload: decode(payload, 'payload'),
    signatures: signatures.map((entry: unknown) => {
      const { keyid, sig } = (entry ?? {}) as Record<string, unknown>;
      if (typeof keyid !== 'string' || keyid.length > 200) throw invalid('a keyid is no short string');
      if (typeof sig !== 'string' || sig.length > 200) throw invalid('a sig is no short string');
      return { keyid, sig: decode(sig, 'sig') };
    }),
  };
}

function parseJson(bytes: Uint8Array, maxBytes: number): object {
  if (bytes.length > Math.ceil(maxBytes / 3) * 4 + 4096)
    throw invalid(`its payload is over ${maxBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new XylemError('E_ENVELOPE_INVALID', 'The envelope is no JSON.', { cause });
  }
  if (typeof value !== 'object' || value === null) throw invalid('it is no JSON object');
  return value;
}

function decode(text: string, field: string): Uint8Array {
  if (!base64.test(text) || text.length % 4 !== 0) throw invalid(`${field} is no standard base64`);
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function invalid(what: string): XylemError {
  return new XylemError('E_ENVELOPE_INVALID', `The envelope is refused: ${what}.`);
}
