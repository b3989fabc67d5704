import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { agentComponent } from '@xylem/core';
import { agentPackage } from '../../testing/agent-package.ts';
import { driverContract } from '../../testing/driver-contract.ts';

for (const fails of ['check', 'run'] as const) {
  driverContract({
    kind: 'agent',
    component: agentComponent,
    staysInSlot: true,
    machine: async () => ({
      version: (version, { broken = false } = {}) => agentPackage(version, broken ? fails : undefined),
      inEffect: async (state) => {
        const executable = await readFile(join(state, 'agent', 'confirmed'), 'utf8').catch(() => 'base');
        return executable.startsWith('base')
          ? null
          : await readFile(join(dirname(executable.trim()), 'VERSION'), 'utf8');
      },
      close: async () => undefined,
    }),
  });
}
