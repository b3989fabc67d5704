import { closedObject, integer, object, string } from '../../schema/build.ts';
import { command, durationMs, port } from './fields.ts';
import type { PackagePart } from './part.ts';

export const healthSchema = object(
  {},
  {
    http: closedObject(
      { port },
      {
        path: string({ pattern: '^/[^\\s\\p{Cc}]*$', maxLength: 2048 }),
        status: integer({ minimum: 100, maximum: 599 }),
      },
    ),
    tcp: closedObject({ port }),
    command,
    intervalMs: durationMs,
    timeoutMs: durationMs,
    startTimeoutMs: durationMs,
    successes: integer({ minimum: 1, maximum: 1000 }),
  },
);

/** What a health check's absent values mean. */
export const healthDefaults = {
  intervalMs: 1000,
  timeoutMs: 2000,
  startTimeoutMs: 60_000,
  successes: 1,
  httpPath: '/',
  httpStatus: 200,
} as const;

export const healthPart: PackagePart = {
  fault: ({ health }) => {
    if (health === undefined) return undefined;
    const checks = ['http', 'tcp', 'command'].filter((key) => Object.hasOwn(health, key));
    if (checks.length === 1) return undefined;
    return { path: ['health'], sentence: 'expected exactly one of http, tcp and command' };
  },
  texts: function* ({ health }) {
    for (const [i, text] of (health?.command ?? []).entries()) yield [['health', 'command', i], text];
    for (const kind of ['http', 'tcp'] as const) {
      const checked = health?.[kind]?.port;
      if (typeof checked === 'string') yield [['health', kind, 'port'], checked];
    }
  },
};
