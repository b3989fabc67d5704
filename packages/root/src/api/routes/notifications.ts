import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** In all of the subscription's scope; the handler looks. */
const operation = { permission: 'operate', where: 'anywhere' } as const;
/** Everybody's mail goes by it. */
const administration = { permission: 'administer', where: 'installation' } as const;

/** Who is told of what, and what became of it (docs/spec/notifications.md). */
export const notificationRoutes = {
  subscriptionCreate: {
    method: 'POST',
    path: '/subscriptions',
    needs: operation,
    maxBodyBytes: 16 * 1024,
    body: s.SubscriptionCreate,
    response: s.SubscriptionMade,
    summary: 'Tell a webhook or an address of mail what happens in a scope',
  },
  subscriptionList: {
    method: 'GET',
    path: '/subscriptions',
    needs: operation,
    response: s.Subscriptions,
    summary: 'Subscriptions of the scopes that one operates',
  },
  subscriptionShow: {
    method: 'GET',
    path: '/subscriptions/:id',
    needs: operation,
    params: s.SubscriptionParams,
    response: s.Subscription,
    summary: 'A subscription; never its secret',
  },
  subscriptionRotate: {
    method: 'POST',
    path: '/subscriptions/:id/rotate',
    needs: operation,
    params: s.SubscriptionParams,
    maxBodyBytes: 4 * 1024,
    body: s.SubscriptionRotate,
    response: s.SubscriptionMade,
    summary: 'Give a webhook another secret; the old one signs too for a while',
  },
  subscriptionEnable: {
    method: 'POST',
    path: '/subscriptions/:id/enable',
    needs: operation,
    params: s.SubscriptionParams,
    response: s.Subscription,
    summary: 'Send to a receiver again that had wanted nothing more',
  },
  subscriptionTest: {
    method: 'POST',
    path: '/subscriptions/:id/test',
    needs: operation,
    params: s.SubscriptionParams,
    response: s.Delivery,
    summary: 'Send a subscription a notification of the topic test',
  },
  subscriptionReplay: {
    method: 'POST',
    path: '/subscriptions/:id/replay',
    needs: operation,
    params: s.SubscriptionParams,
    response: s.DeliveriesReplayed,
    summary: 'Send all dead deliveries of a subscription again',
  },
  subscriptionRemove: {
    method: 'DELETE',
    path: '/subscriptions/:id',
    needs: operation,
    params: s.SubscriptionParams,
    response: Nothing,
    summary: 'Remove a subscription with its deliveries',
  },
  deliveryList: {
    method: 'GET',
    path: '/deliveries',
    needs: operation,
    query: s.DeliveryQuery,
    response: s.Deliveries,
    summary: 'What was sent or waits, the newest 200',
  },
  deliveryShow: {
    method: 'GET',
    path: '/deliveries/:id',
    needs: operation,
    params: s.DeliveryParams,
    response: s.Delivery,
    summary: 'A delivery',
  },
  deliveryReplay: {
    method: 'POST',
    path: '/deliveries/:id/replay',
    needs: operation,
    params: s.DeliveryParams,
    response: s.Delivery,
    summary: 'Send a delivery again, its attempts counted anew',
  },
  mailSet: {
    method: 'PUT',
    path: '/mail',
    needs: administration,
    maxBodyBytes: 128 * 1024,
    body: s.MailSet,
    response: s.MailWas,
    summary: 'By which server mail is sent',
  },
  mailShow: {
    method: 'GET',
    path: '/mail',
    needs: administration,
    response: s.MailShown,
    summary: 'By which server mail is sent; never its password',
  },
  mailRemove: {
    method: 'DELETE',
    path: '/mail',
    needs: administration,
    response: Nothing,
    summary: 'Send no mail any more; what waits for it is kept',
  },
} as const satisfies Record<string, RouteContract>;
