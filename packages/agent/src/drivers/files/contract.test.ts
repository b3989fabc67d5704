import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { driverContract } from '../../testing/driver-contract.ts';
import { testPackage } from '../../testing/packages.ts';

driverContract({
  kind: 'files',
  canFail: false,
  machine: async () => ({
    version: (version) => testPackage({ component: 'thing', version, files: { page: version } }),
    inEffect: (state) =>
      readFile(join(state, 'components', 'thing', 'current', 'page'), 'utf8').catch(() => null),
    close: async () => undefined,
  }),
});
