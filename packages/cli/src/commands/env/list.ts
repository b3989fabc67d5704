import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

export const command = defineCommand({
  example: 'xylem env list',
  async run({ api }) {
    const answer = await (await api()).call('environmentList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ENVIRONMENT', 'HOSTS', 'DIRECTION', 'CREATED', 'ID'],
          answer.environments.map(({ name, hosts, number, created, id }) => [
            name,
            hosts,
            number,
            created,
            id,
          ]),
          'No environment yet. Make one: xylem env create acme/production',
        ),
    };
  },
});
