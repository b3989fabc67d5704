import { type Static, Type } from 'typebox';
import { EnvironmentPattern, EnvironmentRef, Name, Nullable, Strict, Version } from './common.ts';

export const DependencyParams = Strict({ product: Name });
export const DependencyQuery = Strict({ environment: Type.Optional(EnvironmentPattern) });
export const ConsequenceParams = Strict({ product: Name, version: Version });

const Component = Strict({
  product: Name,
  release: Version,
  component: Name,
  version: Version,
  where: Type.String({ description: 'the selector of the hosts that it is given to' }),
});
const Need = Strict({
  by: Component,
  component: Name,
  range: Type.String(),
  met: Type.Boolean(),
  versions: Type.Array(Version, { description: 'of what can be on a host with it' }),
});
const Move = Strict({
  product: Name,
  from: Nullable(Version),
  to: Version,
  because: Need,
});

/** What an environment is given: between two releases of a product, the components of both. */
export const Dependencies = Strict({
  product: Name,
  environments: Type.Array(
    Strict({
      environment: EnvironmentRef,
      components: Type.Array(Component, {
        description: 'those of the product, then what they need and what needs them, at whatever distance',
      }),
      needs: Type.Array(Need),
    }),
  ),
});
export type Dependencies = Static<typeof Dependencies>;

export const Consequences = Strict({
  product: Name,
  version: Version,
  environments: Type.Array(
    Strict({
      environment: EnvironmentRef,
      outcome: Type.Enum(['fits', 'drags', 'together', 'conflict', 'unknown'] as const, {
        description:
          'drags: `moves` come first, in this order; together: in no order do all needs stay met; conflict: no releases that are here fit; unknown: not every set was looked at',
      }),
      moves: Type.Array(Move, {
        description: 'other products that change; of a conflict, what was tried first',
      }),
      path: Nullable(Type.String()),
      advice: Nullable(Type.String()),
    }),
  ),
});
export type Consequences = Static<typeof Consequences>;
