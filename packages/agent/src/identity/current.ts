import { XylemError } from '@xylem/core';
import { clientTls, type Identity, loadIdentity, saveRenewed } from '@xylem/trust';
import { mayServe } from './role.ts';

/** Who this host is; its certificate changes while it runs. */
export interface CurrentIdentity {
  get(): Identity;
  /** Keeps a renewed certificate, and the role that it gives, before it is used. */
  renewed(certificatePem: string): Promise<void>;
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
    renewed: async (certificatePem) => {
      const serve = mayServe({ certificatePem, caPem: identity.caPem });
      const next = { ...identity, certificatePem, serve };
      await saveRenewed(folder, next);
      identity = next;
      tls = clientTls(identity);
    },
  };
}
