import type { Operation } from '../../../api/contract.ts';
import { type Asking, type Decision, decide, list, onlyInstallation, thing } from '../decide.ts';
import { mailTo, noSubscription, subscribed } from '../subscribed.ts';

const ofSubscription = (asking: Asking = {}): Decision =>
  thing('operate', async (place, _own, root) => {
    const { subscription } = await subscribed(place, root);
    return { params: { id: subscription }, ...asking };
  });
const ofDelivery = thing('operate', async (place, _own, root) => {
  const { delivery } = await subscribed(place, root);
  return { params: { id: delivery } };
});

/** Subscriptions, what they delivered, and mail. */
export const ofNotifications = {
  subscriptionCreate: [
    decide('tenant', 'operate')(({ tenant }) => ({ body: { ...mailTo, scope: tenant } })),
    decide('environment', 'operate')(({ live }) => ({ body: { ...mailTo, scope: live.name } })),
    onlyInstallation('operate', () => ({ body: { ...mailTo, scope: '*' } })),
  ],
  subscriptionList: [list('operate')],
  subscriptionShow: [ofSubscription()],
  subscriptionRotate: [ofSubscription({ body: {} })],
  subscriptionEnable: [ofSubscription()],
  subscriptionTest: [ofSubscription()],
  subscriptionRemove: [
    thing('operate', async ({ live, tenant }, _own, root) => {
      if (tenant === 'cedar') return { params: { id: noSubscription.subscription } };
      const { subscription } = await root.api('subscriptionCreate', {
        body: { ...mailTo, scope: live.name },
      });
      return { params: { id: subscription.id } };
    }),
  ],
  deliveryList: [list('operate')],
  deliveryShow: [ofDelivery],
  deliveryReplay: [ofDelivery],
  subscriptionReplay: [ofSubscription()],
  mailSet: [onlyInstallation('administer', () => ({ body: {} }))],
  mailShow: [onlyInstallation('administer')],
  mailRemove: [onlyInstallation('administer')],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
