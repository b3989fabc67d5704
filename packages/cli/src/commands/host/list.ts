import { XylemError } from '@xylem/core';
import type { Host, ResponseOf } from '@xylem/root/contract';
import { defineCommand, flag } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { age, counted, isName } from '../../frame/words.ts';
import { hostArguments, hostOptions, hostQuery, selectorHelp } from '../../selection/hosts.ts';
import { componentsText, shortId } from './shared.ts';

const pageSize = 1000;

type Page = ResponseOf<'hostList'>;

/**
 * All hosts, page by page in the order of their ids. The root server may give less than it is asked for: none behind
 * a page is said by the first one's total, else by a page that is empty.
 * @throws XylemError E_UNSUPPORTED where the root server goes in a circle
 */
async function everyHost(ask: (after: string | undefined) => Promise<Page>): Promise<Host[]> {
  const first = await ask(undefined);
  const hosts = [...first.hosts];
  if (hosts.length >= first.total) return hosts;
  for (let page = first; page.hosts.length > 0; ) {
    const after = hosts.at(-1)?.id ?? '';
    page = await ask(after);
    // Else it would be asked for the same page for ever.
    if (page.hosts.some(({ id }) => id <= after))
      throw new XylemError('E_UNSUPPORTED', `Behind the host ${after} comes one that is before it.`);
    hosts.push(...page.hosts);
  }
  return hosts;
}

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
    const hosts = await everyHost((after) =>
      server.call('hostList', {
        query: {
          ...query,
          retired: options.retired ? 'true' : 'false',
          limit: String(pageSize),
          ...(after === undefined ? {} : { after }),
        },
      }),
    );
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
              [
                host.observing === null ? host.state : `${host.state}, observing`,
                ...(host.cloned === null ? [] : ['cloned']),
              ].join(', '),
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
