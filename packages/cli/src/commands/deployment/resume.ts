import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { deploymentTable } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  example: 'xylem deployment resume 01jd3k8q',
  async run({ args, api }) {
    const deployment = await (await api()).call('deploymentResume', { params: { id: only(args) } });
    return { data: deployment, text: () => deploymentTable([deployment]) };
  },
});
