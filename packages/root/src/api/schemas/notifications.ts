import { topicPatternSource } from '@xylem/core';
import { type Static, Type } from 'typebox';
import { Count, Nullable, ScopeText, Strict, Time } from './common.ts';

const SubscriptionId = Type.String({ minLength: 1, maxLength: 40, description: "a subscription's id" });
const DeliveryId = Type.String({ minLength: 1, maxLength: 40, description: "a delivery's id" });
const Topics = Type.Array(
  Type.String({
    pattern: topicPatternSource,
    maxLength: 100,
    description: 'a topic or pattern of topics: deployment.failed, deployment.*, *',
  }),
  { minItems: 1, maxItems: 50 },
);
/** Where mail goes: one address, without a name. */
const MailAddress = Type.String({
  pattern: '^[^\\s<>,;:"()\\[\\]\\\\@\\p{Cc}]{1,64}@[A-Za-z0-9.-]{1,189}$',
  maxLength: 254,
  description: 'one address of mail, without a name: ops@acme.example',
});

export const SubscriptionCreate = Type.Union([
  Strict({
    kind: Type.Literal('webhook'),
    url: Type.String({
      pattern: '^https?://[^\\s]+$',
      maxLength: 2048,
      description: 'an address by http(s)',
    }),
    topics: Topics,
    scope: ScopeText,
    format: Type.Optional(
      Type.Enum(['standard', 'alertmanager'], { description: 'alertmanager: topics of incidents alone' }),
    ),
  }),
  Strict({ kind: Type.Literal('mail'), to: MailAddress, topics: Topics, scope: ScopeText }),
]);
export const Subscription = Strict({
  id: Type.String(),
  kind: Type.Enum(['webhook', 'mail']),
  target: Type.String({ description: 'where it is sent' }),
  topics: Type.Array(Type.String()),
  scope: Type.String(),
  /** Of a plan's stakeholder, who is told of that plan alone. Null or absent: somebody subscribed. */
  plan: Type.Optional(Nullable(Type.String())),
  format: Type.Enum(['standard', 'alertmanager']),
  anywhere: Type.Boolean({ description: 'false: to the public network alone' }),
  createdBy: Type.String(),
  created: Time,
  oldSecretUntil: Nullable(Time),
  disabled: Nullable(Strict({ time: Time, reason: Type.String() })),
  pending: Count,
  dead: Count,
});
export type Subscription = Static<typeof Subscription>;
export const Subscriptions = Strict({ subscriptions: Type.Array(Subscription) });
/** The secret is shown this once; null for mail. */
export const SubscriptionMade = Strict({ subscription: Subscription, secret: Nullable(Type.String()) });
export const SubscriptionParams = Strict({ id: SubscriptionId });
export const SubscriptionRotate = Strict({
  keepSeconds: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 30 * 24 * 3600, description: 'seconds, at most 30 days' }),
  ),
});

export const DeliveryQuery = Strict({
  subscription: Type.Optional(SubscriptionId),
  state: Type.Optional(Type.Enum(['pending', 'delivered', 'dead'])),
});
export const Delivery = Strict({
  id: Type.String({ description: 'the webhook-id' }),
  subscription: Type.String(),
  target: Type.String(),
  topic: Type.String(),
  environment: Nullable(Type.String()),
  subject: Type.String(),
  message: Type.String(),
  happened: Time,
  state: Type.Enum(['pending', 'delivered', 'dead']),
  attempts: Count,
  next: Nullable(Time),
  last: Nullable(Time),
  outcome: Nullable(Type.String({ description: 'what became of the last attempt' })),
});
export type Delivery = Static<typeof Delivery>;
export const Deliveries = Strict({ deliveries: Type.Array(Delivery) });
export const DeliveryParams = Strict({ id: DeliveryId });
export const DeliveriesReplayed = Strict({ replayed: Count });

const HostName = Type.String({
  pattern: '^[A-Za-z0-9.:_-]{1,253}$',
  description: 'a name or address of a machine',
});
const mail = {
  host: HostName,
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  security: Type.Enum(['tls', 'starttls', 'none'], {
    description: 'tls from the first byte, starttls (demanded), or none',
  }),
  from: MailAddress,
};
export const MailSet = Strict({
  host: mail.host,
  port: Type.Optional(mail.port),
  security: Type.Optional(mail.security),
  from: mail.from,
  user: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  password: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  ca: Type.Optional(Type.String({ maxLength: 64 * 1024, description: 'certificates, PEM' })),
});
const Mail = Strict({
  ...mail,
  user: Nullable(Type.String()),
  hasPassword: Type.Boolean(),
  hasCa: Type.Boolean(),
});
export const MailWas = Mail;
export const MailShown = Strict({ mail: Nullable(Mail) });
