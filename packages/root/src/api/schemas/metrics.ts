import { type Static, Type } from 'typebox';
import { Name, Nullable, Strict, Time } from './common.ts';

const kinds = ['prometheus', 'program'] as const;
const Address = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^(https?://[^\\s?#@]+|[a-zA-Z0-9][a-zA-Z0-9._-]*)$',
  description: "a Prometheus's address, or the name of a file in the root server's folder `metrics`",
});
/** Without a tenant: for everyone's environments. */
export const MetricSourceSet = Strict({
  kind: Type.Enum(kinds),
  address: Address,
  token: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,4096}$', description: 'a bearer token' })),
  tenant: Type.Optional(Name),
});
export const MetricSourceParams = Strict({ name: Name });
export const MetricSource = Strict({
  name: Name,
  kind: Type.Enum(kinds),
  address: Type.String(),
  hasToken: Type.Boolean(),
  tenant: Nullable(Name),
  setBy: Type.String(),
  set: Time,
});
export type MetricSource = Static<typeof MetricSource>;
export const MetricSources = Strict({ sources: Type.Array(MetricSource) });

export const MetricParams = Strict({ tenant: Name, environment: Name, metric: Name });
/** `seconds` up to a day: how long the window is that ends now; default 300. */
export const MetricQuery = Strict({ seconds: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,4}$' })) });
const Share = Type.Number({ minimum: 0 });
export const MetricFigures = Strict({
  metric: Name,
  from: Time,
  to: Time,
  hosts: Type.Array(Strict({ host: Type.String(), name: Type.String(), bad: Share, all: Share })),
});
export type MetricFigures = Static<typeof MetricFigures>;
