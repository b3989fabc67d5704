import type { Host } from '@xylem/root/contract';
import { defineCommand, flag } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { age, counted, isName } from '../../frame/words.ts';
import { hostArguments, hostOptions, hostQuery, selectorHelp } from '../../selection/hosts.ts';
import { componentsText, shortId } from './shared.ts';

const pageSize = 1000;

const byName = (a: Host, b: Host): number =>
  a.environment.name.localeCompare(b.environment.name) ||
  a.name.localeCompare(b.name, 'en', { numeric: true });

export const command = defineCommand({
  arguments: hostArguments,
  about: selectorHelp,
  options: { ...hostOptions, retired: flag('also the retired ones') },
  example: "xylem host list '*/production' --where 'role = web' --site muc",
  async run({ args, options, api, clock }) {
    const query = hostQuery(args, options);
    const server = await api();
    const hosts: Host[] = [];
    for (let after: string | undefined; ; after = hosts.at(-1)?.id) {
      const page = await server.call('hostList', {
        query: {
          ...query,
          retired: options.retired ? 'true' : 'false',
          limit: String(pageSize),
          ...(after === undefined ? {} : { after }),
        },
      });
      hosts.push(...page.hosts);
      if (page.hosts.length < pageSize) break;
    }
    return {
      data: { hosts, total: hosts.length },
      text: () =>
        `${tabulate(
          ['NAME', 'ID', 'ENVIRONMENT', 'STATE', 'SITE', 'REPORTED', 'RUNS'],
          hosts
            .toSorted(byName)
            .map((host) => [
              host.name,
              shortId(host.id),
              host.environment.name,
              host.cloned === null ? host.state : `${host.state}, cloned`,
              host.labels.site ?? '-',
              age(host.lastReport, clock.now()),
              componentsText(host),
            ]),
          args.some(isName)
            ? "No host fits. A word without / is a host; the hosts of an environment are '*/production'."
            : 'No host fits.',
        )}\n${counted(hosts.length, 'host')}`,
    };
  },
});
