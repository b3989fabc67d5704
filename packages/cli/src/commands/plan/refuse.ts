import { defineCommand, requiredText, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { planTable } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  options: {
    digest: text('<digest>', 'of the version that you looked at, or its beginning; another one is refused'),
    reason: requiredText('<text>', 'why, for who made it and the audit log'),
  },
  example: 'xylem plan refuse p-567073cb9f4b --reason "Not before the sale ends."',
  async run({ args, options, api }) {
    const { digest, reason } = options;
    const plan = await (await api()).call('planRefuse', {
      params: { id: only(args) },
      body: { reason, ...(digest === undefined ? {} : { digest }) },
    });
    return { data: plan, text: () => planTable([plan]) };
  },
});
