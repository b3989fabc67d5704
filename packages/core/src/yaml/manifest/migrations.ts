import { array, closedObject, either, integer, oneOf, titled } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { name } from '../../wire/fields.ts';
import { command } from '../../wire/package/fields.ts';
import { type Migrations, migrationPhases, schemaNumber } from '../../wire/package/migrations.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';

const program = closedObject({ command }, { timeout: duration });

const step = closedObject(
  {
    to: integer({ title: 'the number of a schema from 1', minimum: 1, maximum: 1_000_000_000 }),
    phase: oneOf(...migrationPhases),
    command,
    fence: oneOf('transaction', 'idempotent'),
  },
  { timeout: duration, undo: program },
);

export const migrationsYaml = closedObject(
  {
    database: name,
    accepts: titled(
      either(schemaNumber, closedObject({ from: schemaNumber, to: schemaNumber })),
      'the number of a schema, or { from: 3, to: 5 }',
    ),
  },
  { steps: array(step, { maxItems: 1_000 }), backup: program, restore: program },
);

export function migrationsFrom(given: Static<typeof migrationsYaml>, ms: Milliseconds): Migrations {
  const { database, accepts, steps, backup, restore } = given;
  const programFrom = (
    { command: own, timeout }: Static<typeof program>,
    ...path: (string | number)[]
  ): NonNullable<Migrations['backup']> => ({
    command: own,
    ...(timeout === undefined ? {} : { timeoutMs: ms(timeout, 'migrations', ...path, 'timeout') }),
  });
  return {
    database,
    accepts: typeof accepts === 'number' ? { from: accepts, to: accepts } : accepts,
    ...(steps === undefined
      ? {}
      : {
          steps: steps.map(({ to, phase, fence, undo, ...own }, i) => ({
            to,
            phase,
            fence,
            ...programFrom(own, 'steps', i),
            ...(undo === undefined ? {} : { undo: programFrom(undo, 'steps', i, 'undo') }),
          })),
        }),
    ...(backup === undefined ? {} : { backup: programFrom(backup, 'backup') }),
    ...(restore === undefined ? {} : { restore: programFrom(restore, 'restore') }),
  };
}
