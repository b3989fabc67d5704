import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Takes the order back: a host that runs it ends it, one that has not begun never does. The run counts as lost.',
  options: { reason: requiredText('<text>', 'why, for the audit log') },
  example: 'xylem job stop 3f9a02c41b77 --reason "Wrong environment."',
  async run({ args, options, api }) {
    const { reason } = options;
    const data = await (await api()).call('jobStop', { params: { id: only(args) }, body: { reason } });
    return { data, text: `${data.component} ${data.job} on ${data.host.name} was taken back.` };
  },
});
