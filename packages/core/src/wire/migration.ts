import { boolean, integer, object, oneOf, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import * as f from './fields.ts';
import { migrationPhases, schemaNumber } from './package/migrations.ts';

/** docs/spec/migrations.md: what direction says about migrations, and what a runner reports. */

/** The shapes that a database serves: a package works with it if it accepts any of them. */
export const shapesSchema = object({ oldest: schemaNumber, newest: schemaNumber });
export type Shapes = Static<typeof shapesSchema>;

const migrationActions = ['run', 'undo', 'restore'] as const;
const phase = oneOf(...migrationPhases);
const term = integer({ title: 'a term', minimum: 1 });

export const migrationOrderSchema = object(
  {
    database: f.name,
    term,
    action: oneOf(...migrationActions),
    /** The number that the database has when it is done. */
    to: schemaNumber,
    product: f.name,
    component: f.name,
    release: f.digest,
    package: f.digest,
    version: f.version,
  },
  {
    /** Of the step that is run or undone. */
    phase,
    /** The backup to restore: the term under which it was made, and its digest. */
    backup: object({ term, digest: f.digest }),
  },
);
export type MigrationOrder = Static<typeof migrationOrderSchema>;
export type MigrationAction = MigrationOrder['action'];

const backup = object({
  path: string({ maxLength: 4096 }),
  digest: f.digest,
  sizeBytes: f.sizeBytes,
  time: f.time,
});
export type BackupArtefact = Static<typeof backup>;

export const migrationReportSchema = object(
  {
    database: f.name,
    term,
    action: oneOf(...migrationActions),
    to: schemaNumber,
    state: oneOf('waiting', 'backing-up', 'running', 'done', 'failed', 'fenced'),
    /** Whether a program that changes the database was started under this term. */
    begun: boolean(),
    attempt: integer(),
    since: f.time,
  },
  {
    checkpoint: string({ maxLength: 1024 }),
    code: f.errorCodeText,
    message: f.message,
    backup,
  },
);
export type MigrationReport = Static<typeof migrationReportSchema>;
