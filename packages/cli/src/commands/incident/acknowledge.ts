import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Others see who looks at it. It stays open until evidence closes it.',
  example: 'xylem incident acknowledge i-3f9a02c41b77',
  async run({ args, api }) {
    const data = await (await api()).call('incidentAcknowledge', { params: { id: only(args) } });
    return { data, text: `${data.id} is acknowledged by ${data.acknowledgedBy ?? ''}: ${data.title}` };
  },
});
