import type { Kysely } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** Subscriptions, what they are told, and how mail is sent (docs/spec/notifications.md). */
export async function up(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('subscriptions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('topics', 'text', (c) => c.notNull())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('format', 'text', (c) => c.notNull())
    .addColumn('secret', 'text')
    .addColumn('old_secret', 'text')
    .addColumn('old_until_ms', 'bigint')
    .addColumn('anywhere', 'integer', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('disabled_ms', 'bigint')
    .addColumn('disabled_reason', 'text')
    .execute();
  await db.schema
    .createTable('notifications')
    .addColumn('sequence', ...types.sequence)
    .addColumn('topic', 'text', (c) => c.notNull())
    .addColumn('tenant', 'text')
    .addColumn('environment', 'text')
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('details', 'text', (c) => c.notNull())
    .addColumn('time_ms', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('deliveries')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('notification', 'bigint', (c) => c.notNull())
    .addColumn('subscription', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('queued_ms', 'bigint', (c) => c.notNull())
    .addColumn('next_ms', 'bigint', (c) => c.notNull())
    .addColumn('last_ms', 'bigint')
    .addColumn('outcome', 'text')
    .execute();
  const index = (name: string, ...columns: string[]) =>
    db.schema.createIndex(name).on('deliveries').columns(columns).execute();
  await index('deliveries_due', 'state', 'next_ms');
  await index('deliveries_line', 'subscription', 'state', 'notification');
  await index('deliveries_notification', 'notification');
  await db.schema
    .createTable('mail_settings')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('port', 'integer', (c) => c.notNull())
    .addColumn('security', 'text', (c) => c.notNull())
    .addColumn('user_name', 'text')
    .addColumn('password', 'text')
    .addColumn('sender', 'text', (c) => c.notNull())
    .addColumn('ca', 'text')
    .addColumn('set_ms', 'bigint', (c) => c.notNull())
    .execute();
}
