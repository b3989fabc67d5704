import { defineCommand, flag, text } from '../../frame/define.ts';
import { deliveriesTable } from './shared.ts';

export const command = defineCommand({
  about: 'The newest 200, of webhooks and mail, with what became of the last attempt.',
  options: {
    subscription: text('<id>', 'only of this one'),
    dead: flag('only those that were given up'),
  },
  example: 'xylem webhook deliveries --dead',
  async run({ options: { subscription, dead }, api }) {
    const answer = await (await api()).call('deliveryList', {
      query: {
        ...(subscription === undefined ? {} : { subscription }),
        ...(dead ? { state: 'dead' as const } : {}),
      },
    });
    return { data: answer, text: () => deliveriesTable(answer.deliveries, 'No delivery.') };
  },
});
