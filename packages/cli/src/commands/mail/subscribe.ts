import { XylemError } from '@xylem/core';
import { defineCommand, list, text } from '../../frame/define.ts';
import { scopeIn, subscriptionText } from '../webhook/shared.ts';

export const command = defineCommand({
  arguments: '<address>',
  about: 'Sent by the server of `xylem mail set`, and tried again like webhooks.',
  options: {
    topics: list('<pattern>', 'what to tell, as deployment.* or deployment.failed; may be given many times'),
    environment: text('<environment>', 'only what happens there'),
    tenant: text('<tenant>', 'only what happens in its environments'),
  },
  example: 'xylem mail subscribe ops@acme.example --topics deployment.failed --tenant acme',
  async run({ args: [to = ''], options, api }) {
    const { topics } = options;
    if (topics.length === 0)
      throw new XylemError(
        'E_INPUT',
        "Say what to tell: --topics 'deployment.*', or --topics '*' for everything.",
      );
    const made = await (await api()).call('subscriptionCreate', {
      body: { kind: 'mail', to, topics: [...topics], scope: scopeIn(options) },
    });
    const { subscription } = made;
    return {
      data: subscription,
      text: `${subscriptionText(subscription)}\nNext: xylem mail test ${subscription.id}`,
    };
  },
});
