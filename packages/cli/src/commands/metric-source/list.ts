import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

export const command = defineCommand({
  about: 'Never their tokens.',
  example: 'xylem metric-source list',
  async run({ api }) {
    const answer = await (await api()).call('metricSourceList', {});
    const rows = answer.sources.map(({ name, kind, address, tenant, hasToken }) => [
      name,
      kind,
      address,
      tenant ?? 'everyone',
      hasToken ? 'token' : '',
    ]);
    return {
      data: answer,
      text: tabulate(['NAME', 'KIND', 'ADDRESS', 'FOR', ''], rows, 'No source of metrics.'),
    };
  },
});
