import { array, closedObject, integer } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { digest } from '../fields.ts';
import { agentComponent, agentProduct } from './agent.ts';
import type { PackageDocument } from './document.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/install.md: what a machine fetches that is no host yet. */

/** A compressed executable. */
const maxArchiveBytes = 256 * 1024 * 1024;
/** One argument of a command, on Linux. */
const maxScriptBytes = 128 * 1024 - 1;

export const installSchema = closedObject({
  script: closedObject({ digest, sizeBytes: integer({ minimum: 1, maximum: maxScriptBytes }) }),
  archives: array(closedObject({ digest, sizeBytes: integer({ minimum: 1, maximum: maxArchiveBytes }) }), {
    minItems: 1,
    maxItems: 100,
  }),
});
export type PackageInstall = Static<typeof installSchema>;

export const installPart: PackagePart = {
  fault: ({ kind, install }) =>
    install === undefined || kind === 'agent'
      ? undefined
      : { path: ['install'], sentence: 'expected for the kind "agent" and for no other' },
};

/** The objects that anyone may fetch by knowing their digest: of the agent's own component, and of no other. */
export const installObjects = ({
  product,
  component,
  install,
}: Pick<PackageDocument, 'product' | 'component' | 'install'>): PackageInstall['archives'] =>
  install === undefined || product !== agentProduct || component !== agentComponent
    ? []
    : [install.script, ...install.archives];
