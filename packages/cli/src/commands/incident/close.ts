import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: `Evidence closes incidents by itself. Who closes one against it says why: what shows it now opens no other, until it has
recovered and fails anew; whatever else has the same cause opens one.`,
  options: { reason: requiredText('<text>', 'why, for its history and the audit log') },
  example: 'xylem incident close i-3f9a02c41b77 --reason "The host was scrapped."',
  async run({ args, options, api }) {
    const body = { reason: options.reason };
    const data = await (await api()).call('incidentClose', { params: { id: only(args) }, body });
    return { data, text: `${data.id} is closed: ${data.title}` };
  },
});
