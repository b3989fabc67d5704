import { limits } from '../limits.ts';
import { anyObject, literal, nullable, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { time } from './fields.ts';

/** docs/spec/notifications.md: what receivers of webhooks are sent. */
export const notificationSchema = object({
  format: literal('xylem-notification-1'),
  type: string({ title: 'a topic', pattern: '^[a-z0-9-]+(\\.[a-z0-9-]+)*$', maxLength: 100 }),
  timestamp: time,
  data: object({
    tenant: nullable(string({ maxLength: 63 })),
    environment: nullable(string({ maxLength: 127 })),
    subject: string({ maxLength: 255 }),
    message: string({ maxLength: 4096 }),
    details: anyObject(),
  }),
});

export type Notification = Static<typeof notificationSchema>;

const kind = documentKind(notificationSchema, {
  what: 'notification',
  format: 'xylem-notification-1',
  maxBytes: limits.notification,
});
export const parseNotification = kind.parse;
export const encodeNotification = kind.encode;
