import { type Static, Type } from 'typebox';
import {
  Count,
  EnvironmentName,
  EnvironmentPattern,
  EnvironmentRef,
  Id32,
  Labels,
  Name,
  Nullable,
  Strict,
  Time,
  Version,
} from './common.ts';
import { Freeze } from './freezes.ts';

export const Environment = Strict({
  id: Id32,
  name: Type.String({ description: '<tenant>/<environment>' }),
  tenant: Name,
  environment: Name,
  stage: Nullable(Name),
  labels: Labels,
  /** What follows a channel and may not begin yet, with what it waits for. */
  waiting: Type.Array(
    Strict({ product: Name, version: Version, code: Type.String(), reason: Type.String(), since: Time }),
  ),
  number: Count,
  snapshotVersion: Count,
  hosts: Count,
  created: Time,
  /** Absent: said by an older root server. */
  freeze: Type.Optional(Nullable(Freeze)),
});
export type Environment = Static<typeof Environment>;
export const Environments = Strict({ environments: Type.Array(Environment) });

export const EnvironmentParams = Strict({ tenant: Name, environment: Name });
/** A tenant that does not exist yet is created; without one the installation's only tenant is meant. */
export const EnvironmentCreate = Strict({
  name: EnvironmentName,
  yaml: Type.Optional(Type.String({ maxLength: 1 << 20 })),
});

/** The environment's YAML as it was written, with the version to send back when changing it. */
export const EnvironmentYaml = Strict({ name: Type.String(), version: Count, yaml: Type.String() });
export type EnvironmentYaml = Static<typeof EnvironmentYaml>;
/** Refused with 409 E_CONFLICT if `baseVersion` is not the present one. `dryRun`: check and say, change nothing. */
export const EnvironmentYamlPut = Strict({
  baseVersion: Count,
  yaml: Type.String({ maxLength: 1 << 20 }),
  dryRun: Type.Optional(Type.Boolean()),
});
export const EnvironmentYamlSaved = Strict({
  version: Count,
  changed: Type.Boolean(),
  assignments: Type.Array(
    Strict({ component: Name, version: Type.String(), where: Type.String(), hosts: Count }),
  ),
});
export type EnvironmentYamlSaved = Static<typeof EnvironmentYamlSaved>;

export const TokenCreate = Strict({
  environment: EnvironmentName,
  serve: Type.Optional(Type.Boolean()),
  serves: Type.Optional(
    Type.Array(EnvironmentPattern, {
      maxItems: 100,
      description:
        'with `serve`: environments that it may serve besides its own; * alone: all, also later ones',
    }),
  ),
  uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  expiresInSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 366 * 86400 })),
  labels: Type.Optional(Labels),
  replaces: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'a host that joins under this name takes the place of the one that has it, labels and all',
    }),
  ),
});
export type TokenCreate = Static<typeof TokenCreate>;
export const Token = Strict({
  id: Type.String(),
  environment: EnvironmentRef,
  serve: Type.Boolean(),
  serves: Type.Array(Type.String()),
  usesLeft: Count,
  expires: Time,
  labels: Type.Record(Type.String(), Type.String()),
  created: Time,
});
export type Token = Static<typeof Token>;
export const Tokens = Strict({ tokens: Type.Array(Token) });
/**
 * `token` is shown this once. `url` is where nodes reach this root server. `install`: the object that installs the agent
 * on a new machine; null where the environment's direction names no agent.
 */
export const TokenCreated = Strict({
  ...Token.properties,
  token: Type.String(),
  url: Type.String(),
  install: Type.Union([
    Strict({ domain: Type.String(), script: Type.String(), version: Type.String() }),
    Type.Null(),
  ]),
});
export type TokenCreated = Static<typeof TokenCreated>;
export const TokenParams = Strict({
  id: Type.String({ pattern: '^[0-9a-f]{16}$', description: 'the id of a token (16 hexadecimal digits)' }),
});
