import { defineCommand } from '../../frame/define.ts';
import { subscriptionsTable } from './shared.ts';

export const command = defineCommand({
  about: 'Those whose whole scope you operate.',
  example: 'xylem webhook list',
  async run({ api }) {
    const answer = await (await api()).call('subscriptionList', {});
    const subscriptions = answer.subscriptions.filter(({ kind }) => kind === 'webhook');
    return { data: { subscriptions }, text: () => subscriptionsTable(subscriptions, 'No webhook.') };
  },
});
