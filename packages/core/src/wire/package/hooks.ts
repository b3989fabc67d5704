import { array, object, record, string } from '../../schema/build.ts';
import type { Path } from '../../schema/check.ts';
import type { Static } from '../../schema/json-schema.ts';
import { sizeBytes } from '../fields.ts';
import { argument, command, type componentKinds, durationMs, variableName } from './fields.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/components/hooks.md */

const hook = object({ command }, { timeoutMs: durationMs, environment: record(variableName, argument) });
const hooksOfSteps = record(string({ title: 'the name of a step', pattern: '^[a-z]{1,32}$' }), hook);
export const hooksSchema = object({}, { before: hooksOfSteps, after: hooksOfSteps });

/** A program's name as PATH finds it. */
export const programName = string({
  title: 'the name of a program, without /',
  pattern: '^[^/\\0\\s]+$',
  maxLength: 255,
});
export const kernelRange = string({ title: 'a kernel like ">=5.10"', pattern: '^>= ?\\d{1,4}\\.\\d{1,4}$' });
export const preflightSchema = object(
  {},
  {
    diskFreeBytes: sizeBytes,
    memoryBytes: sizeBytes,
    kernel: kernelRange,
    commands: array(programName, { maxItems: 100 }),
  },
);

export type Hook = Static<typeof hook>;
export const hookTimeoutDefaultMs = 60_000;
export const hookMoments = ['before', 'after'] as const;
export type HookMoment = (typeof hookMoments)[number];

const outside = ['preflight', 'unapply', 'switch', 'apply', 'commit', 'remove'] as const;
/** Around which steps a component of each kind can have hooks: the tree that holds them must be in place. */
export const hookSteps: Readonly<Record<(typeof componentKinds)[number], readonly string[]>> = {
  files: ['preflight', 'switch', 'commit', 'remove'],
  service: ['preflight', 'stop', 'switch', 'start', 'probe', 'commit', 'remove'],
  deb: outside,
  rpm: outside,
  container: ['preflight', 'stop', 'switch', 'start', 'probe', 'commit', 'remove'],
  kubernetes: outside,
  command: outside,
  // Its start and its end are the agent's own.
  agent: ['preflight', 'switch', 'commit', 'remove'],
};
/** After these nothing of the step is left to say that the hook has not run yet, or no tree that holds it. */
const notAfter: readonly string[] = ['commit', 'remove'];

export const hooksPart: PackagePart = {
  needs: { name: 'hooks', isNeeded: ({ hooks }) => hooks !== undefined },
  fault: ({ kind, hooks }) => {
    for (const moment of hookMoments) {
      const possible = hookSteps[kind].filter((step) => moment === 'before' || !notAfter.includes(step));
      const wrong = Object.keys(hooks?.[moment] ?? {}).find((step) => !possible.includes(step));
      if (wrong === undefined) continue;
      const sentence = `expected a step of the kind "${kind}" that can have a hook ${moment} it: ${possible.join(', ')}`;
      return { path: ['hooks', moment, wrong], sentence };
    }
    return undefined;
  },
  texts: function* ({ hooks }) {
    for (const moment of hookMoments) {
      for (const [step, given] of Object.entries(hooks?.[moment] ?? {})) {
        yield* textsOf(given, ['hooks', moment, step]);
      }
    }
  },
};

function* textsOf(given: Hook, path: Path): Iterable<readonly [Path, string]> {
  for (const [i, text] of given.command.entries()) yield [[...path, 'command', i], text];
  for (const [name, text] of Object.entries(given.environment ?? {}))
    yield [[...path, 'environment', name], text];
}

export const preflightPart: PackagePart = {
  needs: { name: 'preflight', isNeeded: ({ preflight }) => preflight !== undefined },
};
