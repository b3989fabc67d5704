import { defineCommand } from '../../frame/define.ts';
import { subscriptionText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'After its receiver had answered 410. What happened meanwhile is not told.',
  example: 'xylem webhook enable n-0123456789ab',
  async run({ args: [id = ''], api }) {
    const subscription = await (await api()).call('subscriptionEnable', { params: { id } });
    return { data: subscription, text: subscriptionText(subscription) };
  },
});
