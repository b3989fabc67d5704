import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',') || '-';

export const command = defineCommand({
  example: 'xylem env list',
  async run({ api }) {
    const answer = await (await api()).call('environmentList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ENVIRONMENT', 'STAGE', 'LABELS', 'HOSTS', 'DIRECTION', 'CREATED', 'ID'],
          answer.environments.map(({ name, stage, labels, hosts, number, created, id }) => [
            name,
            stage ?? '-',
            labelsText(labels),
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
