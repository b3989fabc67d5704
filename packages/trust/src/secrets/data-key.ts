import { type EnvironmentId, type HostId, jcsBytes, readDataKeyContent } from '@xylem/core';
import { decryptWith, encryptTo, secretInvalid } from './age.ts';
import { type AgeIdentity, readAgeIdentity } from './age-identity.ts';
import { readPlain } from './plain.ts';

/** Whose data key, of which generation, for which host. */
export interface DataKeyPlace {
  readonly environment: EnvironmentId;
  readonly generation: number;
  readonly host: HostId;
}

/** The data identity for one host: an age file in base64. The recipient must have been checked. */
export async function wrapDataKey(
  place: DataKeyPlace,
  data: AgeIdentity,
  recipient: string,
): Promise<string> {
  const { environment, generation, host } = place;
  const { identity } = data;
  return await encryptTo(
    recipient,
    jcsBytes({ format: 'xylem-data-key-1', environment, generation, host, identity }),
  );
}

/**
 * @returns null when it was wrapped for another recipient: this host must wait for another one
 * @throws XylemError E_SECRET_INVALID when it is not for this place
 */
export async function unwrapDataKey(
  place: DataKeyPlace,
  wrapped: string,
  own: AgeIdentity,
): Promise<AgeIdentity | null> {
  const plain = await decryptWith(own.identity, wrapped);
  if (plain === null) return null;
  const found = readDataKeyContent(readPlain(plain));
  if (found === null) throw secretInvalid('The wrapped key is damaged.');
  const isHere =
    found.environment === place.environment &&
    found.generation === place.generation &&
    found.host === place.host;
  if (!isHere) {
    throw secretInvalid(
      `The wrapped key is not that of generation ${place.generation} of this environment for this host: somebody put it there.`,
    );
  }
  return readAgeIdentity(found.identity);
}
