import { closedObject, integer, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { HealthCheck } from '../../wire/package/document.ts';
import { command, port } from '../../wire/package/fields.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';

export const healthYaml = closedObject(
  {},
  {
    http: closedObject(
      { port },
      {
        path: string({ title: 'a path like "/health"', pattern: '^/[^\\s\\p{Cc}]*$' }),
        status: integer({ minimum: 100, maximum: 599 }),
      },
    ),
    tcp: closedObject({ port }),
    command,
    interval: duration,
    timeout: duration,
    startTimeout: duration,
    successes: integer({ minimum: 1, maximum: 1000 }),
  },
);

export function healthFrom(health: Static<typeof healthYaml>, ms: Milliseconds): HealthCheck {
  const { interval, timeout, startTimeout, ...check } = health;
  return {
    ...check,
    ...(interval === undefined ? {} : { intervalMs: ms(interval, 'health', 'interval') }),
    ...(timeout === undefined ? {} : { timeoutMs: ms(timeout, 'health', 'timeout') }),
    ...(startTimeout === undefined ? {} : { startTimeoutMs: ms(startTimeout, 'health', 'startTimeout') }),
  };
}
