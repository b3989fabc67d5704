import { type Static, Type } from 'typebox';
import { Count, EnvironmentRef, Id32, Name, Nullable, Strict, Time } from './common.ts';

export const RootInfo = Strict({
  version: Type.String(),
  stateFormat: Count,
  database: Type.Union([Type.Literal('sqlite'), Type.Literal('postgres')]),
  releaseRepository: Nullable(Id32),
  tenants: Type.Array(Name),
  nodesUrl: Type.String(),
  pin: Type.String({ description: 'b64u of SHA-256 of the CA key: what a join token ends with' }),
  ca: Type.String({ description: 'PEM' }),
  audit: Strict({
    key: Type.String({ description: 'b64u: what signs the checkpoints of the audit log' }),
    fault: Nullable(Strict({ sequence: Nullable(Count), message: Type.String() })),
  }),
  started: Time,
  restored: Type.Boolean(),
});
export type RootInfo = Static<typeof RootInfo>;

/** `out`: an absolute path on the root server's machine that does not exist yet. Only taken on the loopback address. */
export const BackupCreate = Strict({ out: Type.String({ pattern: '^/', maxLength: 4096 }) });
export const BackupCreated = Strict({
  out: Type.String(),
  files: Count,
  sizeBytes: Count,
  manifest: Type.String({ description: 'SHA-256 of manifest.json' }),
  taken: Time,
});
export type BackupCreated = Static<typeof BackupCreated>;

/** What the tree says beside what the backup says, for a root server that was restored. */
export const Restored = Strict({
  restored: Type.Boolean(),
  backupTaken: Nullable(Time),
  hostsHeard: Count,
  hostsSilent: Count,
  unknownHosts: Type.Array(Id32, { description: 'they report and can not be taken in; `lost` says why' }),
  joinedHosts: Type.Array(
    Strict({
      id: Id32,
      name: Type.String(),
      environment: EnvironmentRef,
      serve: Type.Boolean(),
      retired: Type.Boolean(),
      labels: Nullable(Type.Record(Type.String(), Type.String())),
    }),
    { description: 'joined after the backup, and registered upon the confirmation; labels null: not known' },
  ),
  awaitedHosts: Type.Integer({
    minimum: 0,
    description: 'joined after the backup and silent; registered when they report',
  }),
  changedHosts: Type.Array(
    Strict({
      id: Id32,
      name: Type.String(),
      changed: Type.Array(Type.String()),
      retired: Type.Boolean(),
    }),
    { description: 'an operator changed them after the backup' },
  ),
  lost: Type.Array(Type.String(), { description: 'what can not be had back, and what to do' }),
  environments: Type.Array(
    Strict({
      environment: EnvironmentRef,
      backupNumber: Count,
      highestNumber: Count,
      highestSnapshot: Count,
      differences: Type.Array(
        Strict({
          product: Name,
          component: Name,
          backupVersion: Nullable(Type.String()),
          runningVersions: Type.Array(Strict({ version: Type.String(), hosts: Count })),
        }),
      ),
    }),
  ),
});
export type Restored = Static<typeof Restored>;
/** `hosts`: what hosts run now becomes what they should run, where its release is known; `backup`: back to the backup. */
export const RestoreConfirm = Strict({
  keep: Type.Union([Type.Literal('hosts'), Type.Literal('backup')]),
});
export const RestoreConfirmed = Strict({
  environments: Type.Array(EnvironmentRef),
  kept: Type.String(),
  hostsTaken: Count,
  waits: Nullable(
    Strict(
      { by: Type.String(), until: Time },
      'four eyes: nothing is confirmed before another says the same',
    ),
  ),
});
