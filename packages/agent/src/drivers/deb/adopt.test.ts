import { debMachine } from '../../testing/deb-machine.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { systemPackagesAdoption } from '../../testing/system-packages-adoption.ts';

const tests = (): void => {
  systemPackagesAdoption(debMachine);
};

inOverlay(import.meta.filename, tests);
