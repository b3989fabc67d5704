import { XylemError } from '@xylem/core';
import type { WhereHosts, WhereHostsQuery } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { count, flag, type Outcome, text, type Values } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { shortId } from '../host/shared.ts';

const most = 2000;

const filters = {
  component: text('<name>', 'with --hosts: only of this component'),
  version: text('<version>', 'with --hosts: only of this version'),
  state: text('<state>', 'with --hosts: only in this state, such as failed'),
  where: text('<selector>', "with --hosts: only these by their labels: 'site = muc'"),
};

export const runningHostsOptions = {
  hosts: flag('which hosts these are, in the order of environment, component, version and name'),
  ...filters,
  limit: count('<hosts>', 'with --hosts: so many (default: 200)', 1, most),
  all: flag('with --hosts: all, however many there are'),
  after: text('<place>', 'with --hosts: those behind this place, which the page before ended with'),
};
type Chosen = Values<typeof runningHostsOptions> & { readonly env: string | undefined };

/** @throws XylemError E_INPUT for an option that says something of single hosts alone */
export function refuseWithoutHosts(options: Chosen): void {
  const names = Object.keys(runningHostsOptions) as (keyof typeof runningHostsOptions)[];
  const given = names.find((name) => options[name] !== undefined && options[name] !== false);
  if (given !== undefined) throw new XylemError('E_INPUT', `--${given} goes with --hosts.`);
}

/**
 * Asks for pages until there are as many hosts as are wanted: one may hold few.
 * @throws XylemError E_UNSUPPORTED where the root server goes in a circle
 */
export async function hostsRunning(server: Api, product: string, options: Chosen): Promise<Outcome> {
  const { env, limit = 200, all, after } = options;
  const chosen = Object.keys(filters).flatMap((name) => {
    const value = options[name as keyof typeof filters];
    return value === undefined ? [] : [[name, value] as const];
  });
  const query = { ...environmentQuery(env), ...Object.fromEntries(chosen) } as WhereHostsQuery;
  const hosts: WhereHosts['hosts'] = [];
  let next: string | null | undefined = after;
  do {
    const left = all ? most : limit - hosts.length;
    const page: WhereHosts = await server.call('whereHosts', {
      params: { product },
      query: { ...query, limit: String(left), ...(next === undefined ? {} : { after: next }) },
    });
    if (page.next !== null && page.next === next)
      throw new XylemError('E_UNSUPPORTED', 'A page of hosts ends where it began.');
    hosts.push(...page.hosts);
    next = page.next;
  } while (next !== null && (all || hosts.length < limit));
  return {
    data: { product, hosts, next },
    text: () =>
      [
        tabulate(
          ['ENVIRONMENT', 'COMPONENT', 'RUNS', 'HOST', 'ID', 'STATE', 'HEALTHY'],
          hosts.map((one) => [
            one.environment.name,
            one.component,
            one.version,
            one.name,
            shortId(one.id),
            one.state,
            one.healthy === null ? '-' : one.healthy ? 'yes' : 'no',
          ]),
          'On no host.',
        ),
        counted(hosts.length, 'host'),
        ...(next === null ? [] : [`There may be more: --after ${next}`]),
      ].join('\n'),
  };
}
