import { array, closedObject, literal } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { command, port } from '../../wire/package/fields.ts';
import { routerSchema, type ServiceSwitch } from '../../wire/package/switching.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';

export const switchYaml = closedObject(
  { mode: literal('blue-green'), ports: array(port, { minItems: 2, maxItems: 2 }), router: routerSchema },
  { bake: duration, drain: duration, smoke: closedObject({ command }, { timeout: duration }) },
);

export function switchFrom(given: Static<typeof switchYaml>, ms: Milliseconds): ServiceSwitch {
  const { bake, drain, smoke, ...same } = given;
  const at = (key: string): string[] => ['service', 'switch', key];
  return {
    ...same,
    ...(bake === undefined ? {} : { bakeMs: ms(bake, ...at('bake')) }),
    ...(drain === undefined ? {} : { drainMs: ms(drain, ...at('drain')) }),
    ...(smoke === undefined ? {} : { smoke: smokeFrom(smoke, ms) }),
  };
}

function smokeFrom(
  { command: given, timeout }: NonNullable<Static<typeof switchYaml>['smoke']>,
  ms: Milliseconds,
): NonNullable<ServiceSwitch['smoke']> {
  if (timeout === undefined) return { command: given };
  return { command: given, timeoutMs: ms(timeout, 'service', 'switch', 'smoke', 'timeout') };
}
