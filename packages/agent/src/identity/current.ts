import { X509Certificate } from 'node:crypto';
import { XylemError } from '@xylem/core';
import {
  clientTls,
  finishMove,
  type Identity,
  type KeyPair,
  loadIdentity,
  loadNextKey,
  loadUnjoinedKey,
  type Revoked,
  saveRekeyed,
  saveRenewed,
} from '@xylem/trust';
import { mayServe } from './role.ts';

/** Who this host is; its certificate changes while it runs. */
export interface CurrentIdentity {
  get(): Identity;
  /** Keeps a renewed certificate, and the role that it gives, before it is used. */
  renewed(certificatePem: string): Promise<void>;
  /** The key that this host is about to have; the same one until it has it. */
  nextKey(): Promise<KeyPair>;
  /** Keeps the next key and its certificate, before they are used. */
  rekeyed(next: KeyPair, certificatePem: string): Promise<void>;
  /** Keeps that someone at this host allowed parents in the clear. */
  allowPlainHttp(): Promise<void>;
  /** Options for sockets to parents; the same object until the certificate or who is revoked changes. */
  tls(): ReturnType<typeof clientTls>;
}

/**
 * @param revoked whom the sockets refuse
 * @throws XylemError E_NOT_JOINED, E_STATE_DAMAGED and what loading throws
 */
export async function openIdentity(
  folder: string,
  revoked: Revoked = { has: () => false, generation: 0 },
): Promise<CurrentIdentity> {
  await finishMove(folder);
  const loaded = await loadIdentity(folder);
  if (loaded === null) {
    throw new XylemError(
      'E_NOT_JOINED',
      `${folder} holds no identity; join this host first: xylem join URL --token …`,
    );
  }
  // Broken off between the certificate of the next key and that key.
  if (!(await isKeyOf(folder, loaded))) await saveRekeyed(folder, loaded.host, loaded.certificatePem);
  let identity: Identity = loaded;
  let generation = revoked.generation;
  let tls = clientTls(identity, revoked);
  return {
    get: () => identity,
    tls: () => {
      if (revoked.generation !== generation) tls = clientTls(identity, revoked);
      generation = revoked.generation;
      return tls;
    },
    nextKey: () => loadNextKey(folder),
    rekeyed: async (key, certificatePem) => {
      await saveRekeyed(folder, identity.host, certificatePem);
      identity = { ...identity, key, certificatePem };
      tls = clientTls(identity, revoked);
    },
    allowPlainHttp: async () => {
      if (identity.plainHttp === true) return;
      identity = { ...identity, plainHttp: true };
      await saveRenewed(folder, identity);
    },
    renewed: async (certificatePem) => {
      if (!new X509Certificate(certificatePem).checkPrivateKey(identity.key.privateKey)) {
        throw new XylemError(
          'E_CERTIFICATE',
          'The renewed certificate is for the key that this host had before.',
        );
      }
      const serve = mayServe({ certificatePem, caPem: identity.caPem });
      const next = { ...identity, certificatePem, serve };
      await saveRenewed(folder, next);
      identity = next;
      tls = clientTls(identity, revoked);
    },
  };
}

async function isKeyOf(folder: string, { key }: Identity): Promise<boolean> {
  return (await loadUnjoinedKey(folder))?.keyId === key.keyId;
}
