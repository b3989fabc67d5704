import type { Generated } from 'kysely';

/** What is told to the world outside (docs/spec/notifications.md). Column types: see `tables.ts`. */
export interface NotificationTables {
  subscriptions: {
    id: string;
    /** webhook, mail */
    kind: string;
    /** A URL, or an address of mail. */
    target: string;
    /** JSON array of patterns. */
    topics: string;
    /** `*`, a tenant, or an environment by its full name. */
    scope: string;
    /** standard, alertmanager */
    format: string;
    /** `whsec_…`; null for mail. */
    secret: string | null;
    /** The one before, which signs too until then. */
    old_secret: string | null;
    old_until_ms: number | null;
    /** 1: it may go to addresses inside, too. */
    anywhere: number;
    created_by: string;
    created_ms: number;
    disabled_ms: number | null;
    disabled_reason: string | null;
    /** Of a plan's stakeholder: it is told of that plan alone. Null: somebody subscribed. */
    plan: string | null;
  };
  /** Written in the transaction of what they tell of, and only when somebody wants them. */
  notifications: {
    sequence: Generated<number>;
    topic: string;
    tenant: string | null;
    /** Full name. */
    environment: string | null;
    subject: string;
    message: string;
    /** JSON. */
    details: string;
    time_ms: number;
  };
  deliveries: {
    /** The `webhook-id`. */
    id: string;
    notification: number;
    subscription: string;
    /** pending, delivered, dead */
    state: string;
    attempts: number;
    queued_ms: number;
    next_ms: number;
    last_ms: number | null;
    /** What became of the last attempt. */
    outcome: string | null;
  };
  /** One row at most: by which server mail is sent. */
  mail_settings: {
    id: number;
    host: string;
    port: number;
    /** tls, starttls, none */
    security: string;
    user_name: string | null;
    password: string | null;
    sender: string;
    /** PEM of who vouches for its certificate; null: whom the system trusts. */
    ca: string | null;
    set_ms: number;
  };
}
