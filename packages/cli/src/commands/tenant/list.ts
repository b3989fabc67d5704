import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

export const command = defineCommand({
  example: 'xylem tenant list',
  async run({ api }) {
    const answer = await (await api()).call('tenantList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['TENANT', 'STAGES'],
          answer.tenants.map(({ tenant, stages }) => [tenant, stages.join(', ')]),
          'No tenant yet. The first environment makes one: xylem env create acme/production',
        ),
    };
  },
});
