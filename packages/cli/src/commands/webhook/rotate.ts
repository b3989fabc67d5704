import { count, defineCommand } from '../../frame/define.ts';
import { secretText, subscriptionText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Until the old secret ends both sign, so that the receiver is changed meanwhile. Rotated twice, the first ends at once.',
  options: { keepHours: count('<hours>', 'how long the old one signs, too (default: 24)', 0, 720) },
  example: 'xylem webhook rotate n-0123456789ab --keep-hours 48',
  async run({ args: [id = ''], options: { keepHours }, api }) {
    const body = keepHours === undefined ? {} : { keepSeconds: keepHours * 3600 };
    const made = await (await api()).call('subscriptionRotate', { params: { id }, body });
    return { data: made, text: `${subscriptionText(made.subscription)}\n${secretText(made.secret)}` };
  },
});
