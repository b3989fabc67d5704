import { XylemError } from '@xylem/core';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { deliveryText } from './shared.ts';

export const command = defineCommand({
  arguments: '[id]',
  about:
    'With the id that it had, which is its webhook-id: a receiver that has it already knows. Its attempts count anew.',
  options: {
    allDead: flag('all that were given up'),
    subscription: text('<id>', 'with --all-dead: only of this one'),
  },
  example: 'xylem webhook replay msg_0123456789abcdef01234567',
  async run({ args: [id], options: { allDead, subscription }, api }) {
    if ((id !== undefined) === allDead)
      throw new XylemError('E_INPUT', 'Name one delivery, or say --all-dead.');
    if (id !== undefined) {
      const delivery = await (await api()).call('deliveryReplay', { params: { id } });
      return { data: delivery, text: deliveryText(delivery) };
    }
    const root = await api();
    const { subscriptions } = await root.call('subscriptionList', {});
    const chosen = subscriptions.filter(
      (one) =>
        one.id === subscription || (subscription === undefined && one.dead > 0 && one.disabled === null),
    );
    if (subscription !== undefined && chosen.length === 0)
      throw new XylemError('E_NOT_FOUND', `There is no subscription ${subscription}.`);
    let replayed = 0;
    for (const one of chosen)
      replayed += (await root.call('subscriptionReplay', { params: { id: one.id } })).replayed;
    return { data: { replayed }, text: `Sent again: ${replayed}.` };
  },
});
