import { inOverlay } from '../../testing/in-overlay.ts';
import { rpmMachine } from '../../testing/rpm-machine.ts';
import { baseRpms } from '../../testing/rpm-packages.ts';
import { systemPackagesAdoption } from '../../testing/system-packages-adoption.ts';

const tests = (): void => {
  baseRpms();
  systemPackagesAdoption(rpmMachine);
};

inOverlay(import.meta.filename, tests, ['rpm']);
