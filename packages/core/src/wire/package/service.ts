import { object, record } from '../../schema/build.ts';
import { argument, command, durationMs, variableName } from './fields.ts';
import type { PackagePart } from './part.ts';

export const serviceSchema = object(
  { command },
  { environment: record(variableName, argument), stopTimeoutMs: durationMs },
);

export const stopTimeoutDefaultMs = 10_000;

export const servicePart: PackagePart = {
  fault: ({ kind, service }) =>
    (kind === 'service') === (service !== undefined)
      ? undefined
      : { path: ['service'], sentence: 'expected for the kind "service" and for no other' },
  texts: function* ({ service }) {
    for (const [i, text] of (service?.command ?? []).entries()) yield [['service', 'command', i], text];
    for (const [key, text] of Object.entries(service?.environment ?? {})) {
      yield [['service', 'environment', key], text];
    }
  },
};
