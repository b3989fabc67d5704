import {
  type EnvironmentId,
  encodeRecipient,
  fromB64u,
  type HostId,
  type RecipientStatement,
  recipientPayloadType,
  toB64u,
} from '@xylem/core';
import { preAuthEncoding } from '../envelope/envelope.ts';
import { hostIdOf, type KeyPair, verifySignature } from '../keys/key-pair.ts';
import { secretInvalid } from './age.ts';

interface Place {
  readonly host: HostId;
  readonly environment: EnvironmentId;
}

/** A host's word that this is its recipient, by its own key. */
export function stateRecipient(place: Place, recipient: string, key: KeyPair): RecipientStatement {
  return {
    recipient,
    key: toB64u(key.public),
    signature: toB64u(key.sign(signedBytes(place, recipient))),
  };
}

/**
 * Whether this very host says so, whoever passed it on.
 * @throws XylemError E_SECRET_INVALID
 */
export function checkRecipient(place: Place, { recipient, key, signature }: RecipientStatement): void {
  const raw = fromB64u(key);
  if (hostIdOf(raw) !== place.host) {
    throw secretInvalid(
      `The recipient named for the host ${place.host} is signed by a key that is not its own.`,
    );
  }
  if (!verifySignature(raw, signedBytes(place, recipient), fromB64u(signature))) {
    throw secretInvalid(
      `The recipient named for the host ${place.host} was not signed by it for this environment.`,
    );
  }
}

function signedBytes({ host, environment }: Place, recipient: string): Uint8Array {
  const payload = encodeRecipient({ format: 'xylem-recipient-1', host, environment, recipient });
  return preAuthEncoding(recipientPayloadType, payload);
}
