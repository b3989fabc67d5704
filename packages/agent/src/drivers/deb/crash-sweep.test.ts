import { execFileSync } from 'node:child_process';
import { debMachine } from '../../testing/deb-machine.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { outdated, systemPackagesCrashSweep } from '../../testing/system-packages-crash-sweep.ts';

inOverlay(import.meta.filename, () =>
  systemPackagesCrashSweep(debMachine, {
    purge: (names) => execFileSync('dpkg', ['--purge', '--force-depends', ...names], { stdio: 'ignore' }),
    old: () => debMachine.make({ name: outdated, version: '1.0' }),
  }),
);
