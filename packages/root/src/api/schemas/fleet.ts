import { type Static, Type } from 'typebox';
import { Count, EnvironmentPattern, EnvironmentRef, Id32, Name, Nullable, Strict, Time } from './common.ts';
import { Deployment } from './deployments.ts';
import { hostStates } from './hosts.ts';

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
      supersededTotal: Type.Optional(
        Type.Integer({ minimum: 1, description: 'the same since the relay’s spool was made' }),
      ),
      ownSuperseded: Type.Optional(
        Type.Integer({
          minimum: 1,
          description: 'of the host’s own reports, those that it replaced before any parent had taken them',
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

/** `after`: the `next` of the page before. */
export const WhereHostsQuery = Strict({
  environment: Type.Optional(EnvironmentPattern),
  component: Type.Optional(Name),
  version: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  state: Type.Optional(Type.Enum(hostStates)),
  where: Type.Optional(Type.String({ maxLength: 4096, description: 'a selector over labels' })),
  limit: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{0,3}$', description: '200 if absent, at most 2000' }),
  ),
  after: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,4000}$' })),
});
export type WhereHostsQuery = Static<typeof WhereHostsQuery>;
export const WhereHosts = Strict({
  product: Name,
  hosts: Type.Array(
    Strict({
      id: Id32,
      name: Type.String(),
      environment: EnvironmentRef,
      component: Name,
      version: Type.String(),
      healthy: Nullable(Type.Boolean()),
      state: Type.Enum(hostStates),
    }),
  ),
  next: Nullable(Type.String({ description: 'null: there are no more; a page before may hold few or none' })),
});
export type WhereHosts = Static<typeof WhereHosts>;
