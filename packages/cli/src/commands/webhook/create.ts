import { XylemError } from '@xylem/core';
import { defineCommand, list, text } from '../../frame/define.ts';
import { scopeIn, secretText, subscriptionText } from './shared.ts';

export const command = defineCommand({
  arguments: '<url>',
  about:
    'Signed as Standard Webhooks says, tried again for more than a day, then kept as dead. You must operate the whole scope; only who operates the whole installation may name addresses inside. What is sent: docs/notifications.md.',
  options: {
    topics: list('<pattern>', 'what to tell, as deployment.* or deployment.failed; may be given many times'),
    environment: text('<environment>', 'only what happens there'),
    tenant: text('<tenant>', 'only what happens in its environments'),
  },
  example:
    "xylem webhook create https://hooks.example/xylem --topics 'deployment.*' --environment acme/production",
  async run({ args, options, api }) {
    const [url = ''] = args;
    const { topics } = options;
    if (topics.length === 0)
      throw new XylemError(
        'E_INPUT',
        "Say what to tell: --topics 'deployment.*', or --topics '*' for everything.",
      );
    const made = await (await api()).call('subscriptionCreate', {
      body: { kind: 'webhook', url, topics: [...topics], scope: scopeIn(options) },
    });
    const { subscription, secret } = made;
    return {
      data: made,
      text: `${subscriptionText(subscription)}\n${secretText(secret)}\nNext: xylem webhook test ${subscription.id}`,
    };
  },
});
