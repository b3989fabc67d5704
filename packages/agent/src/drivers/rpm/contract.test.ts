import { execFileSync } from 'node:child_process';
import { driverContract } from '../../testing/driver-contract.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { baseRpms, rpmComponent, rpmVersion, testRpm } from '../../testing/rpm-packages.ts';

const name = 'xylem-test-thing';

const contract = (): void =>
  driverContract({
    kind: 'rpm',
    machine: async () => {
      baseRpms();
      return {
        version: (version, { broken = false } = {}) =>
          rpmComponent({
            component: 'thing',
            version,
            rpms: [testRpm({ name, version, ...(broken ? { scripts: { post: 'echo oops; exit 7' } } : {}) })],
          }),
        inEffect: async () => rpmVersion(name),
        disturb: async () => {
          execFileSync('rpm', ['-e', name]);
        },
        close: async () => undefined,
      };
    },
  });

inOverlay(import.meta.filename, contract, ['rpm']);
