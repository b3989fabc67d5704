import { array, closedObject, oneOf } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { name } from '../../wire/fields.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { command } from '../../wire/package/fields.ts';
import {
  accountField,
  countLimits,
  hardeningSchema,
  restartPolicies,
  stopSignals,
} from '../../wire/package/service.ts';
import { duration } from '../duration.ts';
import { size, sizeBytes } from '../size.ts';
import type { Milliseconds } from './milliseconds.ts';
import { switchFrom, switchYaml } from './switching.ts';
import { variables, variablesFrom } from './variables.ts';

export const serviceYaml = closedObject(
  { command },
  {
    environment: variables,
    stopTimeout: duration,
    switch: switchYaml,
    stopSignal: oneOf(...stopSignals),
    type: oneOf('simple', 'notify'),
    restart: closedObject({}, { policy: oneOf(...restartPolicies), delay: duration, maxDelay: duration }),
    limits: closedObject({}, { memory: size, ...countLimits }),
    user: accountField,
    group: accountField,
    after: array(name, { minItems: 1, maxItems: 100 }),
    hardening: hardeningSchema,
  },
);
type ServiceYaml = Static<typeof serviceYaml>;
type Service = NonNullable<PackageDocument['service']>;

export function serviceFrom(given: ServiceYaml, ms: Milliseconds): Service {
  const { environment, stopTimeout, switch: block, restart, limits, ...same } = given;
  return {
    ...same,
    ...(environment === undefined ? {} : { environment: variablesFrom(environment) }),
    ...(stopTimeout === undefined ? {} : { stopTimeoutMs: ms(stopTimeout, 'service', 'stopTimeout') }),
    ...(block === undefined ? {} : { switch: switchFrom(block, ms) }),
    ...(restart === undefined ? {} : { restart: restartFrom(restart, ms) }),
    ...(limits === undefined ? {} : { limits: limitsFrom(limits) }),
  };
}

function restartFrom(
  { policy, delay, maxDelay }: NonNullable<ServiceYaml['restart']>,
  ms: Milliseconds,
): NonNullable<Service['restart']> {
  return {
    ...(policy === undefined ? {} : { policy }),
    ...(delay === undefined ? {} : { delayMs: ms(delay, 'service', 'restart', 'delay') }),
    ...(maxDelay === undefined ? {} : { maxDelayMs: ms(maxDelay, 'service', 'restart', 'maxDelay') }),
  };
}

function limitsFrom({ memory, ...same }: NonNullable<ServiceYaml['limits']>): NonNullable<Service['limits']> {
  return { ...same, ...(memory === undefined ? {} : { memoryBytes: sizeBytes(memory) }) };
}
