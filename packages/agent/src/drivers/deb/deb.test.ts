import { debMachine } from '../../testing/deb-machine.ts';
import { inOverlay } from '../../testing/in-overlay.ts';
import { systemPackagesContract } from '../../testing/system-packages-contract.ts';

inOverlay(import.meta.filename, () => systemPackagesContract(debMachine));
