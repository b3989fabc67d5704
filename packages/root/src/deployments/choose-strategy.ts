import {
  chosenStrategy,
  goesBackInPhases,
  mappingOf,
  mostStratifiedSelector,
  parseSelector,
  type Strategy,
  selects,
  type TrafficSwitch,
  trafficOf,
  type WantedStrategy,
  XylemError,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { Candidate } from '../gates/gate.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { deploymentOf, newestDeployments } from './rows.ts';

/**
 * The strategy of a deployment: what was asked for, or what suits the environment.
 * @param ringBakeSeconds of a plan's stage that is judged as one
 * @throws XylemError E_INPUT, E_SELECTOR (a label that is none)
 */
export async function strategyFor(
  trx: Database,
  candidate: Candidate,
  wanted: WantedStrategy | undefined,
  ringBakeSeconds?: number,
): Promise<Strategy> {
  const { kind, product, spec, direction, environment, urgent } = candidate;
  const isFirst = direction.settled === null;
  const traffic = trafficOf(spec, product);
  const where = selectorsOf({ product, spec });
  const hosts = (await hostsIn(trx, [environment.id])).filter(
    (host) => !host.retired && where.some((text) => selects(parseSelector(text), host)),
  );
  const strategy = chosenStrategy(wanted, {
    kind,
    isFirst,
    hosts: hosts.length,
    policy: spec.policy,
    isUrgent: urgent,
    ...(traffic === null ? {} : { traffic, isInPhases: await isInPhases(trx, candidate, traffic, hosts) }),
    ...(ringBakeSeconds === undefined ? {} : { ringBakeSeconds }),
  });
  if (strategy.kind === 'blue-green' && kind === 'deploy' && traffic !== null)
    refuseGroupless(traffic, hosts, selectorsOf({ product, spec }, traffic.component));
  const long = where.find((text) => text.length > mostStratifiedSelector);
  if (strategy.kind !== 'all-at-once' && strategy.per !== undefined && long !== undefined) {
    throw new XylemError(
      'E_INPUT',
      `${spec.name} has a selector of ${long.length} characters for ${product}; with --per at most ${mostStratifiedSelector} are possible. Shorten it, or deploy without --per.`,
    );
  }
  return strategy;
}

/** A rollback whose groups are not both there is one of all hosts. */
async function isInPhases(
  trx: Database,
  { kind, product, environment, direction, target }: Candidate,
  { label, groups }: TrafficSwitch,
  hosts: readonly HostRecord[],
): Promise<boolean> {
  if (kind !== 'rollback' || target === null) return false;
  if (groups.some((group) => !hosts.some((host) => groupOf(host, label) === group))) return false;
  const [row] = await newestDeployments(trx, environment.id, product).limit(1).execute();
  return goesBackInPhases({
    last: row === undefined ? null : deploymentOf(row),
    unsettled: direction.deployments.length,
    settled: direction.settled?.digest ?? null,
    to: target.digest,
  });
}

const groupOf = ({ labels }: HostRecord, label: string): string | undefined =>
  Object.hasOwn(labels, label) ? labels[label] : undefined;

const mostNames = 10;

/**
 * Over two groups each host stands in one of them, but for those that are given the switch alone.
 * @throws XylemError E_INPUT
 */
function refuseGroupless(
  { label, groups }: Pick<TrafficSwitch, 'label' | 'groups'>,
  hosts: readonly HostRecord[],
  where: readonly string[],
): void {
  const own = hosts.filter((host) => where.some((text) => selects(parseSelector(text), host)));
  const isIn = (host: HostRecord): boolean => groups.some((group) => group === groupOf(host, label));
  const outside = own.filter((host) => !isIn(host)).map(({ name }) => name);
  if (outside.length > 0) {
    const names = outside.slice(0, mostNames).join(', ');
    const more = outside.length > mostNames ? ` and ${outside.length - mostNames} more` : '';
    throw new XylemError(
      'E_INPUT',
      `Blue/green goes by the label ${label}, which is neither ${groups.join(' nor ')} of: ${names}${more}. Label them: xylem host label NAME ${label}=${groups[0]}`,
    );
  }
  const empty = groups.find((group) => !own.some((host) => groupOf(host, label) === group));
  if (empty === undefined) return;
  throw new XylemError(
    'E_INPUT',
    `Blue/green needs hosts in both groups, and none has ${label}=${empty}. Label some, or choose another strategy.`,
  );
}

/** Of all its components, without the one that is not meant; those that are not named go everywhere. */
function selectorsOf({ product, spec }: Pick<Candidate, 'product' | 'spec'>, without?: string): string[] {
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  if (mapping === undefined) return [];
  const { components } = mapping;
  if (components === undefined) return ['all'];
  const meant = Object.keys(components).filter((component) => component !== without);
  return meant.flatMap((component) => mappingOf(mapping, component)?.where ?? []);
}
