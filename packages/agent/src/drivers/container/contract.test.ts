import { after } from 'node:test';
import { freePort } from '@xylem/testkit';
import { httpContainer, servedVersion } from '../../testing/container-packages.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { podmanStore } from '../../testing/podman-store.ts';

const store = await podmanStore({ after });
const skip = 'skip' in store ? store.skip : undefined;

driverContract({
  kind: 'container',
  skip,
  machine: async () => {
    const port = await freePort();
    const podman = (...args: string[]): Promise<string> =>
      'skip' in store ? Promise.reject(new Error(store.skip)) : store.podman(...args);
    return {
      version: (version, { broken = false } = {}) =>
        httpContainer({ component: 'thing', version, port, broken }),
      inEffect: () => servedVersion(port),
      disturb: async () => {
        await podman('rm', '--force', '--time', '0', 'xylem-thing');
      },
      close: async () => {
        await podman('rm', '--all', '--force', '--time', '0');
      },
    };
  },
});
