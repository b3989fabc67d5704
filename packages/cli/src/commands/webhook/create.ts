import { defineCommand } from '../../frame/define.ts';
import { secretText, subscriptionText, tellingIn, tellingOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<url>',
  about:
    'Signed as Standard Webhooks says, tried again for more than a day, then kept as dead. You must operate the whole scope; only who operates the whole installation may name addresses inside. What is sent: docs/notifications.md.',
  options: tellingOptions,
  example:
    "xylem webhook create https://hooks.example/xylem --topics 'deployment.*' --environment acme/production",
  async run({ args, options, api }) {
    const [url = ''] = args;
    const made = await (await api()).call('subscriptionCreate', {
      body: { kind: 'webhook', url, ...tellingIn(options) },
    });
    const { subscription, secret } = made;
    return {
      data: made,
      text: `${subscriptionText(subscription)}\n${secretText(secret)}\nNext: xylem webhook test ${subscription.id}`,
    };
  },
});
