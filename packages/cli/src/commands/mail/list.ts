import { defineCommand } from '../../frame/define.ts';
import { subscriptionsTable } from '../webhook/shared.ts';

export const command = defineCommand({
  about: 'Those whose whole scope you operate.',
  example: 'xylem mail list',
  async run({ api }) {
    const answer = await (await api()).call('subscriptionList', {});
    const subscriptions = answer.subscriptions.filter(({ kind }) => kind === 'mail');
    return { data: { subscriptions }, text: () => subscriptionsTable(subscriptions, 'Nobody is sent mail.') };
  },
});
