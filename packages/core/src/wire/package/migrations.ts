import { array, integer, object, oneOf } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { name } from '../fields.ts';
import { command, durationMs } from './fields.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/migrations.md. */

export const migrationPhases = ['expand', 'backfill', 'contract'] as const;

/** What a database's shape is called: it rises by one with each step. 0: nothing was migrated yet. */
export const schemaNumber = integer({ title: 'the number of a schema', maximum: 1_000_000_000 });
export const acceptsSchema = object({ from: schemaNumber, to: schemaNumber });

const program = object({ command }, { timeoutMs: durationMs });

const step = object(
  {
    to: integer({ title: 'the number of a schema from 1', minimum: 1, maximum: 1_000_000_000 }),
    phase: oneOf(...migrationPhases),
    command,
    fence: oneOf('transaction', 'idempotent'),
  },
  { timeoutMs: durationMs, undo: program },
);

export const migrationsSchema = object(
  { database: name, accepts: acceptsSchema },
  { steps: array(step, { maxItems: 1_000 }), backup: program, restore: program },
);

export type Migrations = Static<typeof migrationsSchema>;
export type MigrationStep = NonNullable<Migrations['steps']>[number];
export type MigrationPhase = MigrationStep['phase'];
export type Accepts = Static<typeof acceptsSchema>;

export const migrationsPart: PackagePart = {
  // Who passed over it would start a version before its shape is there.
  needs: { name: 'migrations', isNeeded: ({ migrations }) => migrations !== undefined },
  fault: ({ migrations }) => {
    if (migrations === undefined) return undefined;
    const { accepts, steps = [], backup, restore } = migrations;
    const at = (...rest: (string | number)[]) => ['migrations', ...rest];
    if (accepts.from > accepts.to) return { path: at('accepts'), sentence: 'expected from at most to' };
    for (const [i, { to, phase, undo }] of steps.entries()) {
      const before = steps[i - 1]?.to;
      if (before !== undefined && to !== before + 1)
        return {
          path: at('steps', i, 'to'),
          sentence: `expected ${before + 1}, one more than the step before`,
        };
      if (phase === 'contract' && undo !== undefined)
        return { path: at('steps', i, 'undo'), sentence: 'a contract takes a shape away and has no undo' };
      // What can't be undone is preceded by a backup, and a backup that nobody can restore is none.
      if (undo === undefined && (backup === undefined || restore === undefined))
        return {
          path: at('steps', i),
          sentence: 'expected an undo, or migrations.backup and migrations.restore for what has none',
        };
    }
    const last = steps.at(-1)?.to;
    if (last !== undefined && last > accepts.to)
      return { path: at('accepts', 'to'), sentence: `expected at least ${last}, where its own steps lead` };
    return undefined;
  },
  texts: function* ({ migrations }) {
    const { steps = [], backup, restore } = migrations ?? {};
    for (const [i, { command: own, undo }] of steps.entries()) {
      for (const [k, text] of own.entries()) yield [['migrations', 'steps', i, 'command', k], text];
      for (const [k, text] of (undo?.command ?? []).entries())
        yield [['migrations', 'steps', i, 'undo', 'command', k], text];
    }
    for (const [key, one] of Object.entries({ backup, restore })) {
      for (const [k, text] of (one?.command ?? []).entries()) yield [['migrations', key, 'command', k], text];
    }
  },
};
