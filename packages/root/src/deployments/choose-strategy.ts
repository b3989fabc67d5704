import {
  chosenStrategy,
  mappingOf,
  mostStratifiedSelector,
  parseSelector,
  type Strategy,
  selects,
  type WantedStrategy,
  XylemError,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { Candidate } from '../gates/gate.ts';
import { hostsIn } from '../hosts/host-rows.ts';

/**
 * The strategy of a deployment: what was asked for, or what suits the environment.
 * @throws XylemError E_INPUT, E_SELECTOR (a label that is none)
 */
export async function strategyFor(
  trx: Database,
  { kind, product, spec, direction, environment, urgent }: Candidate,
  wanted: WantedStrategy | undefined,
): Promise<Strategy> {
  const isFirst = direction.settled === null;
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
  });
  const long = where.find((text) => text.length > mostStratifiedSelector);
  if (strategy.kind !== 'all-at-once' && strategy.per !== undefined && long !== undefined) {
    throw new XylemError(
      'E_INPUT',
      `${spec.name} has a selector of ${long.length} characters for ${product}; with --per at most ${mostStratifiedSelector} are possible. Shorten it, or deploy without --per.`,
    );
  }
  return strategy;
}

/** Of all its components; those that are not named go everywhere. */
function selectorsOf({ product, spec }: Pick<Candidate, 'product' | 'spec'>): string[] {
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  if (mapping === undefined) return [];
  const { components } = mapping;
  if (components === undefined) return ['all'];
  return Object.keys(components).flatMap((component) => mappingOf(mapping, component)?.where ?? []);
}
