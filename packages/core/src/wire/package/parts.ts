import { adoptPart } from './adopt.ts';
import { agentPart } from './agent.ts';
import { commandPart } from './command.ts';
import { containerPart } from './container.ts';
import { filesPart } from './files.ts';
import { healthPart } from './health.ts';
import { hooksPart, preflightPart } from './hooks.ts';
import { installPart } from './install.ts';
import { jobsPart } from './jobs.ts';
import { lockPart } from './lock.ts';
import { migrationsPart } from './migrations.ts';
import type { PackagePart } from './part.ts';
import { servicePart } from './service.ts';
import { switchPart } from './switching.ts';
import { systemPackagesPart } from './system-packages.ts';

const portsPart: PackagePart = {
  texts: function* ({ ports = [] }) {
    for (const [i, port] of ports.entries()) if (typeof port === 'string') yield [['ports', i], port];
  },
};

/** All blocks of a package document that have rules of their own. */
export const parts: readonly PackagePart[] = [
  filesPart,
  servicePart,
  switchPart,
  commandPart,
  agentPart,
  installPart,
  containerPart,
  healthPart,
  portsPart,
  hooksPart,
  preflightPart,
  migrationsPart,
  systemPackagesPart,
  adoptPart,
  lockPart,
  jobsPart,
];
