import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',') || '-';

type Waiting = { readonly name: string; readonly waiting: readonly { readonly reason: string }[] };

/** A release that its channel brings and that may not begin yet; the reason names it and the environment. */
const waitingText = (environments: readonly Waiting[]): string =>
  environments
    .flatMap(({ waiting }) => waiting)
    .map(({ reason }) => `\nWaits: ${reason}`)
    .join('');

export const command = defineCommand({
  example: 'xylem env list',
  async run({ api }) {
    const answer = await (await api()).call('environmentList', {});
    return {
      data: answer,
      text: () =>
        `${tabulate(
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
        )}${waitingText(answer.environments)}`,
    };
  },
});
