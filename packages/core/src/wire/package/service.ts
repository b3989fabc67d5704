import { array, closedObject, either, integer, object, oneOf, record, string } from '../../schema/build.ts';
import { name } from '../fields.ts';
import { argument, command, durationMs, variableName } from './fields.ts';
import type { PackagePart } from './part.ts';
import { switchSchema } from './switching.ts';

/** docs/spec/components/service.md. */

/** Of the system's accounts; never a number, which would mean another account on another host. */
const account = string({
  title: 'the name of a user or group of the host',
  pattern: '^[a-z_][a-z0-9_-]{0,31}$',
});
const absolutePath = string({
  title: 'an absolute path without . and ..',
  pattern: '^(/(?!\\.{1,2}(/|$))[A-Za-z0-9._@+-]+)+$',
  maxLength: 1000,
});
export const stopSignals = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
] as const;
export const restartPolicies = ['always', 'on-failure', 'never'] as const;

const minMemoryBytes = 4 * 2 ** 20;
export const countLimits = {
  cpuPercent: integer({ title: 'percent of one processor', minimum: 1, maximum: 100_000 }),
  processes: integer({ minimum: 1, maximum: 4_194_304 }),
  openFiles: integer({ minimum: 16, maximum: 1_048_576 }),
};
export const hardeningSchema = either(
  oneOf('default', 'none'),
  closedObject({ writable: array(absolutePath, { minItems: 1, maxItems: 100 }) }),
);
export const accountField = account;

/** What an absent block leaves as it always was; a reader that does not know them must not run the service. */
const terms = {
  type: oneOf('simple', 'notify'),
  restart: closedObject(
    {},
    { policy: oneOf(...restartPolicies), delayMs: durationMs, maxDelayMs: durationMs },
  ),
  limits: closedObject({}, { memoryBytes: integer(), ...countLimits }),
  user: account,
  group: account,
  stopSignal: oneOf(...stopSignals),
  after: array(name, { minItems: 1, maxItems: 100 }),
  hardening: hardeningSchema,
};

export const serviceSchema = object(
  { command },
  {
    environment: record(variableName, argument),
    stopTimeoutMs: durationMs,
    switch: switchSchema,
    ...terms,
  },
);

export const stopTimeoutDefaultMs = 10_000;

/** What a service's absent values mean. */
export const serviceDefaults = {
  stopSignal: 'SIGTERM',
  restart: { policy: 'always', delayMs: 1_000, maxDelayMs: 60_000 },
} as const;

export const servicePart: PackagePart = {
  needs: {
    name: 'service-terms',
    isNeeded: ({ service }) => Object.keys(terms).some((key) => Object.hasOwn(service ?? {}, key)),
  },
  fault: ({ kind, component, service }) => {
    if ((kind === 'service') !== (service !== undefined)) {
      return { path: ['service'], sentence: 'expected for the kind "service" and for no other' };
    }
    const { restart = {}, limits = {}, user, group, after = [] } = service ?? {};
    const delayMs = restart.delayMs ?? serviceDefaults.restart.delayMs;
    if (restart.maxDelayMs !== undefined && restart.maxDelayMs < delayMs) {
      return {
        path: ['service', 'restart', 'maxDelayMs'],
        sentence: `expected at least delayMs (${delayMs})`,
      };
    }
    if (limits.memoryBytes !== undefined && limits.memoryBytes < minMemoryBytes) {
      return { path: ['service', 'limits'], sentence: 'expected at least 4 MiB of memory' };
    }
    if (group !== undefined && user === undefined) {
      return { path: ['service', 'group'], sentence: 'expected with a user and not without' };
    }
    if (after.includes(component)) {
      return { path: ['service', 'after'], sentence: 'expected other components than this one' };
    }
    return undefined;
  },
  texts: function* ({ service }) {
    for (const [i, text] of (service?.command ?? []).entries()) yield [['service', 'command', i], text];
    for (const [key, text] of Object.entries(service?.environment ?? {})) {
      yield [['service', 'environment', key], text];
    }
  },
};
