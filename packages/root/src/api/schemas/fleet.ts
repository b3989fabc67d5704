import { type Static, Type } from 'typebox';
import { Count, EnvironmentPattern, EnvironmentRef, Name, Nullable, Strict, Time } from './common.ts';
import { Deployment } from './deployments.ts';

const StateCounts = Strict({
  joined: Count,
  ok: Count,
  updating: Count,
  waiting: Count,
  failed: Count,
  silent: Count,
  retired: Count,
  revoked: Count,
});

export const FleetQuery = Strict({ environment: Type.Optional(EnvironmentPattern) });

const Unheard = Strict(
  {
    relay: Strict({ id: Type.String(), name: Type.String(), environment: Type.String() }),
    relaySilent: Type.Boolean({ description: 'false: the relay is heard, and nothing below it' }),
    hosts: Type.Integer({ minimum: 1, description: 'hosts below it, at all levels' }),
    heard: Time,
  },
  'a part of the tree that is silent, by the relay at its top; `heard`: when anything of it was heard last',
);
export type Unheard = Static<typeof Unheard>;

export const Status = Strict({
  time: Time,
  restored: Type.Boolean(),
  hosts: StateCounts,
  /** Hosts of whose key two machines make use. */
  cloned: Count,
  unheard: Type.Array(Unheard),
  expiring: Type.Array(
    Strict({
      role: Type.String({ description: 'root, targets, product:shop' }),
      environment: Nullable(Type.String({ description: 'null: of the release repository' })),
      expires: Time,
    }),
    { description: 'signed by people, and ending within 90 days or ended' },
  ),
  environments: Type.Array(
    Strict({
      environment: EnvironmentRef,
      number: Count,
      hosts: StateCounts,
      products: Type.Array(
        Strict({
          product: Name,
          version: Nullable(Type.String({ description: 'what the environment should run' })),
          running: Type.Array(Strict({ component: Name, version: Type.String(), hosts: Count })),
        }),
      ),
      deployments: Type.Array(Deployment, {
        description: 'running, paused, or ended without success and not replaced',
      }),
    }),
  ),
});
export type Status = Static<typeof Status>;

const Traffic = Strict({ requests: Count, sentBytes: Count, receivedBytes: Count });
const Carried = Strict(
  { hour: Traffic, day: Traffic },
  'by the link from its parent, as that counted: sent to it, received from it',
);

/** A flat tree: `parent` is the id of the host above, or null where it is the root server. Ordered parents first. */
export const Topology = Strict({
  root: Strict({ url: Type.String() }),
  nodes: Type.Array(
    Strict({
      id: Type.String(),
      name: Type.String(),
      environment: Type.String(),
      serve: Type.Boolean(),
      url: Nullable(Type.String({ description: 'where it serves' })),
      parent: Nullable(Type.String()),
      parentUrl: Nullable(Type.String()),
      depth: Count,
      state: Type.String(),
      drained: Type.Boolean({ description: 'it gets no children' }),
      lastSeen: Nullable(Time),
      carried: Type.Optional(Carried),
      superseded: Type.Optional(
        Type.Integer({
          minimum: 1,
          description: 'reports of the last day that newer ones replaced at this relay before they went up',
        }),
      ),
    }),
  ),
  unheard: Type.Array(Unheard),
});
export type Topology = Static<typeof Topology>;

export const WhereParams = Strict({ product: Name });
export const Where = Strict({
  product: Name,
  environments: Type.Array(
    Strict({
      environment: EnvironmentRef,
      wanted: Nullable(Type.String()),
      components: Type.Array(
        Strict({
          component: Name,
          versions: Type.Array(
            Strict({
              version: Type.String(),
              hosts: Count,
              healthy: Count,
              names: Type.Array(Type.String(), { description: 'the first 20' }),
            }),
          ),
        }),
      ),
    }),
  ),
});
export type Where = Static<typeof Where>;
