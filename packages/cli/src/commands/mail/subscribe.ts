import { defineCommand } from '../../frame/define.ts';
import { subscriptionText, tellingIn, tellingOptions } from '../webhook/shared.ts';

export const command = defineCommand({
  arguments: '<address>',
  about: 'Sent by the server of `xylem mail set`, and tried again like webhooks.',
  options: tellingOptions,
  example: 'xylem mail subscribe ops@acme.example --topics deployment.failed --tenant acme',
  async run({ args: [to = ''], options, api }) {
    const made = await (await api()).call('subscriptionCreate', {
      body: { kind: 'mail', to, ...tellingIn(options) },
    });
    const { subscription } = made;
    return {
      data: subscription,
      text: `${subscriptionText(subscription)}\nNext: xylem mail test ${subscription.id}`,
    };
  },
});
