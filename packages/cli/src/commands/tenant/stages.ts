import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { isName, only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<tenant> <stages>',
  about:
    'STAGES are names with commas between them, in their order: a release is tried in the first one first.',
  example: 'xylem tenant stages acme dev,test,prod',
  async run({ args, api }) {
    const tenant = only(args);
    const stages = (args[1] ?? '').split(',').map((stage) => stage.trim());
    for (const stage of stages) {
      if (!isName(stage))
        throw new XylemError('E_INPUT', `"${stage}" is no name of a stage. Write dev,test,prod.`);
    }
    const answer = await (await api()).call('tenantStages', { params: { tenant }, body: { stages } });
    return { data: answer, text: `The stages of ${answer.tenant}: ${answer.stages.join(', ')}.` };
  },
});
