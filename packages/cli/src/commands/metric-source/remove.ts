import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'Metrics that name it have no figures from then on, which never counts as good.',
  example: 'xylem metric-source remove main',
  async run({ args, api }) {
    const name = only(args);
    await (await api()).call('metricSourceRemove', { params: { name } });
    return { data: { removed: name }, text: `${name} is removed.` };
  },
});
