import type { TableEntry } from './entry.ts';

/** Who is told of what. */
export const notificationsTable: readonly TableEntry[] = [
  {
    path: 'webhook create',
    summary: 'Tell an address what happens, signed',
    load: () => import('../../commands/webhook/create.ts'),
  },
  {
    path: 'webhook list',
    summary: 'Webhooks of what you operate',
    load: () => import('../../commands/webhook/list.ts'),
  },
  {
    path: 'webhook show',
    summary: 'One webhook',
    load: () => import('../../commands/webhook/show.ts'),
  },
  {
    path: 'webhook rotate',
    summary: 'Give a webhook another secret; the old one signs too for a while',
    load: () => import('../../commands/webhook/rotate.ts'),
  },
  {
    path: 'webhook enable',
    summary: 'Send again to a receiver that had wanted nothing more',
    load: () => import('../../commands/webhook/enable.ts'),
  },
  {
    path: 'webhook test',
    summary: 'Send a webhook a test',
    load: () => import('../../commands/webhook/test.ts'),
  },
  {
    path: 'webhook deliveries',
    summary: 'What was sent, waits or was given up, by webhook and mail',
    load: () => import('../../commands/webhook/deliveries.ts'),
  },
  {
    path: 'webhook replay',
    summary: 'Send again what was given up, or any delivery',
    load: () => import('../../commands/webhook/replay.ts'),
  },
  {
    path: 'webhook remove',
    summary: 'Tell an address nothing any more',
    load: () => import('../../commands/webhook/remove.ts'),
  },
  {
    path: 'mail set',
    summary: 'By which server mail is sent',
    load: () => import('../../commands/mail/set.ts'),
  },
  {
    path: 'mail show',
    summary: 'By which server mail is sent, without its password',
    load: () => import('../../commands/mail/show.ts'),
  },
  {
    path: 'mail remove',
    summary: 'Send no mail any more',
    load: () => import('../../commands/mail/remove.ts'),
  },
  {
    path: 'mail subscribe',
    summary: 'Tell somebody by mail what happens',
    load: () => import('../../commands/mail/subscribe.ts'),
  },
  {
    path: 'mail list',
    summary: 'Who is told by mail',
    load: () => import('../../commands/mail/list.ts'),
  },
  {
    path: 'mail test',
    summary: 'Send somebody a test',
    load: () => import('../../commands/mail/test.ts'),
  },
  {
    path: 'mail unsubscribe',
    summary: 'Tell somebody nothing by mail any more',
    load: () => import('../../commands/mail/unsubscribe.ts'),
  },
];
