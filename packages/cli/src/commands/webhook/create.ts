import { XylemError } from '@xylem/core';
import { defineCommand, text } from '../../frame/define.ts';
import { secretText, subscriptionText, tellingIn, tellingOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<url>',
  about:
    'Signed as Standard Webhooks says, tried again for more than a day, then kept as dead. You must operate the whole scope; only who operates the whole installation may name addresses inside. What is sent: docs/notifications.md.',
  options: {
    ...tellingOptions,
    format: text(
      '<form>',
      "standard (default), or alertmanager: Alertmanager's webhook, for incident.* alone",
    ),
  },
  example:
    "xylem webhook create https://hooks.example/xylem --topics 'deployment.*' --environment acme/production",
  async run({ args, options, api }) {
    const [url = ''] = args;
    const made = await (await api()).call('subscriptionCreate', {
      body: { kind: 'webhook', url, ...tellingIn(options), ...formIn(options.format) },
    });
    const { subscription, secret } = made;
    return {
      data: made,
      text: `${subscriptionText(subscription)}\n${secretText(secret)}\nNext: xylem webhook test ${subscription.id}`,
    };
  },
});

/** @throws XylemError E_INPUT */
function formIn(word: string | undefined): { format?: 'standard' | 'alertmanager' } {
  if (word === undefined) return {};
  if (word === 'standard' || word === 'alertmanager') return { format: word };
  throw new XylemError('E_INPUT', `"${word}" is no form of webhook. There are standard and alertmanager.`);
}
