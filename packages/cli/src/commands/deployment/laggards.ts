import type { Laggards } from '@xylem/root/contract';
import { defineCommand, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted, only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Who has not come to what the deployment brings, and why, from what hosts said last.',
  options: { by: text('<label>', 'counts by the values of this label (default site)') },
  example: 'xylem deployment laggards d-567073cb9f4b --by rack',
  async run({ args, options, api }) {
    const params = { id: only(args) };
    const query = options.by === undefined ? {} : { by: options.by };
    const answer = await (await api()).call('deploymentLaggards', { params, query });
    return { data: answer, text: () => laggardText(answer) };
  },
});

const none = '-';

function laggardText({ by, total, counts, hosts }: Laggards): string {
  const nobody = 'Nobody lags behind.';
  if (total === 0) return nobody;
  const more = total - hosts.length;
  return [
    `${counted(total, 'host')} behind.`,
    tabulate(
      [by.toUpperCase(), 'REASON', 'HOSTS'],
      counts.map(({ value, reason, hosts: count }) => [value ?? none, reason, count]),
      nobody,
    ),
    '',
    tabulate(
      ['HOST', by.toUpperCase(), 'REASON', 'LAST SEEN', 'SAYS'],
      hosts.map(({ name, value, reason, lastSeen, message }) => [
        name,
        value ?? none,
        reason,
        lastSeen ?? 'never',
        message ?? '',
      ]),
      nobody,
    ),
    ...(more === 0 ? [] : [`and ${more} more`]),
  ].join('\n');
}
