import { defineCommand, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { hostsRunning, refuseWithoutHosts, runningHostsOptions } from './where-hosts.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: 'How many hosts run which version; with --hosts which hosts these are, by pages.',
  options: { env: text('<environment>', 'only this environment, or pattern'), ...runningHostsOptions },
  example: 'xylem where shop --hosts --version 1.4.0 --state failed',
  async run({ args, options, api }) {
    const server = await api();
    const product = only(args);
    if (options.hosts) return await hostsRunning(server, product, options);
    refuseWithoutHosts(options);
    const answer = await server.call('where', {
      params: { product },
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
