import { array, closedObject, record, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { command } from '../../wire/package/fields.ts';
import {
  type Hook,
  type HookMoment,
  hookMoments,
  kernelRange,
  programName,
} from '../../wire/package/hooks.ts';
import { duration } from '../duration.ts';
import { size, sizeBytes } from '../size.ts';
import type { Milliseconds } from './milliseconds.ts';
import { variables, variablesFrom } from './variables.ts';

const hook = closedObject({ command }, { timeout: duration, environment: variables });
const hooksOfSteps = record(string({ title: 'the name of a step' }), hook);
export const hooksYaml = closedObject({}, { before: hooksOfSteps, after: hooksOfSteps });

export const preflightYaml = closedObject(
  {},
  {
    diskFree: size,
    memory: size,
    kernel: kernelRange,
    commands: array(programName, { maxItems: 100 }),
  },
);

export function hooksFrom(
  given: Static<typeof hooksYaml>,
  ms: Milliseconds,
): NonNullable<PackageDocument['hooks']> {
  const moments = hookMoments
    .filter((moment) => given[moment] !== undefined)
    .map((moment) => [moment, ofSteps(given[moment] ?? {}, moment, ms)] as const);
  return Object.fromEntries(moments);
}

function ofSteps(
  given: Readonly<Record<string, Static<typeof hook>>>,
  moment: HookMoment,
  ms: Milliseconds,
): Readonly<Record<string, Hook>> {
  return Object.fromEntries(
    Object.entries(given).map(([step, { command: words, timeout, environment }]) => [
      step,
      {
        command: words,
        ...(timeout === undefined ? {} : { timeoutMs: ms(timeout, 'hooks', moment, step, 'timeout') }),
        ...(environment === undefined ? {} : { environment: variablesFrom(environment) }),
      },
    ]),
  );
}

export function preflightFrom({
  diskFree,
  memory,
  ...same
}: Static<typeof preflightYaml>): NonNullable<PackageDocument['preflight']> {
  return {
    ...same,
    ...(diskFree === undefined ? {} : { diskFreeBytes: sizeBytes(diskFree) }),
    ...(memory === undefined ? {} : { memoryBytes: sizeBytes(memory) }),
  };
}
