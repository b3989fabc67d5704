import { defineCommand } from '../../frame/define.ts';
import { deliveryText } from '../webhook/shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'A notification of the topic test, whatever it wants to be told.',
  example: 'xylem mail test n-0123456789ab',
  async run({ args: [id = ''], api }) {
    const delivery = await (await api()).call('subscriptionTest', { params: { id } });
    return { data: delivery, text: deliveryText(delivery) };
  },
});
