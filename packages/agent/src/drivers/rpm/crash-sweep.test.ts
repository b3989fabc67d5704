import { spawnSync } from 'node:child_process';
import { inOverlay } from '../../testing/in-overlay.ts';
import { rpmMachine } from '../../testing/rpm-machine.ts';
import { baseRpms, testRpm } from '../../testing/rpm-packages.ts';
import { outdated, systemPackagesCrashSweep } from '../../testing/system-packages-crash-sweep.ts';

inOverlay(
  import.meta.filename,
  () =>
    systemPackagesCrashSweep(rpmMachine, {
      purge: (names) => {
        for (const name of names)
          spawnSync('rpm', ['-e', '--nodeps', '--allmatches', name], { stdio: 'ignore' });
      },
      old: () => testRpm({ name: outdated, version: '1.0', tags: ['Requires: xylem-test-main < 2'] }),
      before: baseRpms,
    }),
  ['rpm'],
);
