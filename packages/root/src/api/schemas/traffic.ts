import { type Static, Type } from 'typebox';
import { DigestText, EnvironmentRef, Id32, Name, Nullable, Reason, Strict, Time } from './common.ts';
import { EnvironmentParams } from './environments.ts';

const Group = Type.String({
  minLength: 1,
  maxLength: 255,
  description: "a group: a value of the switch's label",
});

export const TrafficParams = Strict({ ...EnvironmentParams.properties, product: Name });
export const TrafficSwitchBody = Strict({
  to: Group,
  number: Type.Integer({
    minimum: 0,
    description: 'how often it had been switched when this was decided: refused if it was switched since',
  }),
  reason: Reason,
});

/** Where a product's traffic goes, and whether the balancers send it there. */
export const Traffic = Strict({
  product: Type.String(),
  component: Type.String({ description: 'on the balancers' }),
  key: Type.String({ description: 'of its configuration' }),
  label: Type.String({ description: 'of hosts, whose value names their group' }),
  groups: Type.Array(Type.String()),
  serving: Type.String(),
  number: Type.Integer({ description: 'how often it was switched' }),
  switched: Nullable(
    Strict({
      at: Time,
      by: Type.String(),
      reason: Type.String(),
      deployment: Nullable(Type.String({ description: 'that switched it; null: a person did' })),
    }),
  ),
  done: Type.Boolean({ description: 'there are balancers, and all of them have applied it' }),
  applied: Type.Array(Strict({ host: Id32, name: Type.String() }), {
    description: 'balancers that reported that they send traffic there',
  }),
  behind: Type.Array(
    Strict({
      host: Id32,
      name: Type.String(),
      reported: Nullable(DigestText),
      silent: Type.Boolean(),
      heard: Type.Optional(Nullable(Time)),
      why: Nullable(Type.String({ description: 'what it says holds it up' })),
    }),
  ),
});
export const Traffics = Strict({ environment: EnvironmentRef, traffic: Type.Array(Traffic) });
export type Traffic = Static<typeof Traffic>;
