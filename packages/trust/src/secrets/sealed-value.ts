import {
  type EnvironmentId,
  jcsBytes,
  readSealedContent,
  type Sealed,
  sealedValueMaxBytes,
  XylemError,
} from '@xylem/core';
import { decryptWith, encryptTo, secretInvalid } from './age.ts';
import type { AgeIdentity } from './age-identity.ts';
import { readPlain } from './plain.ts';

/** Where a value stands: sealed into it, so that it opens nowhere else. */
export interface SealedPlace {
  readonly environment: EnvironmentId;
  readonly component: string;
  readonly key: string;
}

/**
 * @param given.version 32 hexadecimal digits, drawn anew for another value, kept by a rotation
 * @throws XylemError E_INPUT for a value that is empty, too long, or holds NUL
 */
export async function sealValue(
  place: SealedPlace,
  value: string,
  given: { readonly generation: number; readonly version: string; readonly holder: string },
  recipient: string,
): Promise<Sealed> {
  const sizeBytes = Buffer.byteLength(value);
  if (sizeBytes === 0 || sizeBytes > sealedValueMaxBytes || value.includes('\0')) {
    throw new XylemError(
      'E_INPUT',
      `A secret has 1 to ${sealedValueMaxBytes} bytes and no NUL; this one has ${sizeBytes} bytes.`,
    );
  }
  const { environment, component, key } = place;
  const { version } = given;
  const plain = jcsBytes({ format: 'xylem-sealed-1', environment, component, key, version, value });
  return { ...given, age: await encryptTo(recipient, plain) };
}

/**
 * The value, if it is for this place.
 * @throws XylemError E_SECRET_INVALID, whose message holds nothing of it
 */
export async function openValue(place: SealedPlace, sealed: Sealed, data: AgeIdentity): Promise<string> {
  const name = `${place.component}.${place.key}`;
  const plain = await decryptWith(data.identity, sealed.age);
  if (plain === null)
    throw secretInvalid(`The sealed value of ${name} can't be opened by its generation's key.`);
  const found = readSealedContent(readPlain(plain));
  if (found === null) throw secretInvalid(`The sealed value of ${name} is damaged.`);
  const isHere =
    found.environment === place.environment &&
    found.component === place.component &&
    found.key === place.key &&
    found.version === sealed.version;
  if (!isHere) {
    throw secretInvalid(`The sealed value of ${name} was sealed for another place: somebody put it there.`);
  }
  return found.value;
}
