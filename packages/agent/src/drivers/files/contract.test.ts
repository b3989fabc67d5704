import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { driverContract } from '../../testing/driver-contract.ts';
import { placedVersion, placingPackage } from '../../testing/placing.ts';

driverContract({
  kind: 'files',
  machine: async (folder) => {
    const outside = join(folder, 'outside');
    return {
      version: (version, { broken = false } = {}) =>
        placingPackage({ version, outside, ...(broken ? { reloadFails: true } : {}) }),
      inEffect: () => placedVersion(outside),
      disturb: () => rm(join(outside, 'main.conf')),
      close: async () => undefined,
    };
  },
});
