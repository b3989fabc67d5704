import { XylemError } from '@xylem/core';
import { clientTls, type Identity, loadIdentity } from '@xylem/trust';

/** Who this host is; its certificate changes while it runs. */
export interface CurrentIdentity {
  get(): Identity;
  replaceCertificate(certificatePem: string): void;
  /** Options for sockets to parents; the same object until the certificate changes. */
  tls(): ReturnType<typeof clientTls>;
}

/** @throws XylemError E_NOT_JOINED, E_STATE_DAMAGED and what loading throws */
export async function openIdentity(folder: string): Promise<CurrentIdentity> {
  const loaded = await loadIdentity(folder);
  if (loaded === null) {
    throw new XylemError(
      'E_NOT_JOINED',
      `${folder} holds no identity; join this host first: xylem join URL --token …`,
    );
  }
  let identity: Identity = loaded;
  let tls = clientTls(identity);
  return {
    get: () => identity,
    tls: () => tls,
    replaceCertificate: (certificatePem) => {
      identity = { ...identity, certificatePem };
      tls = clientTls(identity);
    },
  };
}
