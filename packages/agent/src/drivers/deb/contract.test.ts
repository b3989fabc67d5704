import { execFileSync } from 'node:child_process';
import { debComponent, dpkgVersion, testDeb } from '../../testing/deb-packages.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { inOverlay } from '../../testing/in-overlay.ts';

const name = 'xylem-test-thing';

inOverlay(import.meta.filename, () =>
  driverContract({
    kind: 'deb',
    machine: async () => ({
      version: (version, { broken = false } = {}) =>
        debComponent({
          component: 'thing',
          version,
          debs: [
            testDeb({ name, version, ...(broken ? { scripts: { postinst: 'echo oops; exit 7' } } : {}) }),
          ],
        }),
      inEffect: async () => dpkgVersion(name),
      disturb: async () => {
        execFileSync('dpkg', ['--remove', name]);
      },
      close: async () => undefined,
    }),
  }),
);
