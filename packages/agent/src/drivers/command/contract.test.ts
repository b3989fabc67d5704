import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { driverContract } from '../../testing/driver-contract.ts';
import { lineCommand } from '../../testing/packages.ts';

driverContract({
  kind: 'command',
  machine: async (folder) => {
    const target = join(folder, 'line');
    return {
      version: (version, { broken = false } = {}) =>
        lineCommand({ component: 'thing', version, target, ...(broken ? { flaw: 'apply' } : {}) }),
      inEffect: () =>
        readFile(target, 'utf8').then(
          (line) => line.trim(),
          () => null,
        ),
      disturb: () => rm(target),
      close: async () => undefined,
    };
  },
});
