import { defineCommand, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';
import { environmentQuery } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<product>',
  options: { env: text('<environment>', 'only this environment, or pattern') },
  example: 'xylem where shop',
  async run({ args, options, api }) {
    const answer = await (await api()).call('where', {
      params: { product: only(args) },
      query: environmentQuery(options.env),
    });
    const rows = answer.environments.flatMap(({ environment, wanted, components }) =>
      components.flatMap(({ component, versions }) =>
        versions.map((one) => [
          environment.name,
          wanted ?? '-',
          component,
          one.version,
          one.hosts,
          one.healthy,
          one.names.join(' '),
        ]),
      ),
    );
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ENVIRONMENT', 'SHOULD RUN', 'COMPONENT', 'RUNS', 'HOSTS', 'HEALTHY', 'ON'],
          rows,
          'It runs nowhere.',
        ),
    };
  },
});
