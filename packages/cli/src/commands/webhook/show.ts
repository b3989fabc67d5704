import { defineCommand } from '../../frame/define.ts';
import { subscriptionText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Never its secret.',
  example: 'xylem webhook show n-0123456789ab',
  async run({ args: [id = ''], api }) {
    const subscription = await (await api()).call('subscriptionShow', { params: { id } });
    return { data: subscription, text: subscriptionText(subscription) };
  },
});
