import { type Static, Type } from 'typebox';
import {
  Count,
  DigestText,
  EnvironmentRef,
  Id32,
  Name,
  Nullable,
  Reason,
  Strict,
  Time,
  Version,
} from './common.ts';

const Schema = Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'the number of a schema' });
const HostText = Type.String({ minLength: 1, maxLength: 253, description: 'id, prefix of an id, or name' });
const Action = Type.Enum(['run', 'undo', 'restore']);
const Phase = Type.Enum(['expand', 'backfill', 'contract']);
const How = Type.Enum(['runs', 'directed']);
const Accepts = Strict({ from: Schema, to: Schema });

/** `phase`: the step that is due must be of it. `backup`: the term of a backup, of a restore. */
export const MigrationOrderBody = Strict({
  database: Name,
  action: Action,
  phase: Type.Optional(Phase),
  release: Type.Optional(Strict({ product: Name, version: Version })),
  runner: Type.Optional(HostText),
  takeOver: Type.Optional(Type.Boolean()),
  backup: Type.Optional(Count),
  dryRun: Type.Optional(Type.Boolean()),
});
export const MigrationAdopt = Strict({ database: Name, schema: Schema });
export const MigrationExclude = Strict({ database: Name, host: HostText, reason: Reason });

const Needs = Strict({
  host: Id32,
  name: Type.String(),
  component: Name,
  version: Version,
  accepts: Accepts,
  how: How,
});
/** `stops`: whose components end with a restore until another version comes. */
export const MigrationOrdered = Strict({
  database: Name,
  term: Count,
  action: Action,
  to: Schema,
  phase: Nullable(Phase),
  runner: Strict({ host: Id32, name: Type.String() }),
  stops: Type.Array(Needs),
});
export const MigrationExcluded = Strict({ database: Name, host: Id32, name: Type.String(), to: Schema });

/** `oldest`, `newest`: the schemas that it serves. `waitsFor`: who needs what the next step takes away. */
export const Migrations = Strict({
  environment: EnvironmentRef,
  databases: Type.Array(
    Strict({
      database: Name,
      oldest: Schema,
      newest: Schema,
      last: Nullable(
        Strict({
          action: Action,
          to: Schema,
          phase: Nullable(Phase),
          release: Type.String(),
          term: Count,
          runner: Strict({ host: Id32, name: Type.String() }),
          state: Type.Enum(['running', 'done', 'failed']),
          doing: Nullable(Type.String()),
          begun: Type.Boolean(),
          attempt: Count,
          checkpoint: Nullable(Type.String()),
          code: Nullable(Type.String()),
          message: Nullable(Type.String()),
          by: Type.String(),
          started: Time,
        }),
      ),
      next: Nullable(Strict({ to: Schema, phase: Phase })),
      waitsFor: Type.Array(Needs),
      backups: Type.Array(
        Strict({
          term: Count,
          host: Id32,
          name: Type.String(),
          path: Type.String(),
          digest: DigestText,
          sizeBytes: Count,
          made: Time,
          oldest: Schema,
          newest: Schema,
        }),
      ),
      excluded: Type.Array(
        Strict({
          host: Id32,
          name: Type.String(),
          to: Schema,
          reason: Type.String(),
          by: Type.String(),
          since: Time,
        }),
      ),
    }),
  ),
});
export type Migrations = Static<typeof Migrations>;
