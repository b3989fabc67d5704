import {
  type EnvironmentSpec,
  type HostId,
  type KnownRelease,
  mappingOf,
  parseSelector,
  selects,
  type Unfit,
  unfitHosts,
  XylemError,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { demandingPackages } from './demanding.ts';
import { heardIn } from './evidence.ts';

const mostNamed = 10;

/** Hosts that the release would be given to and that one of its packages has no variant for, by what they reported. */
export async function unfitFor(
  trx: Database,
  environment: string,
  spec: EnvironmentSpec,
  target: KnownRelease,
  nowMs: number,
): Promise<Unfit[]> {
  const { product, packages } = target.release;
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  if (mapping === undefined) return [];
  const wanted = new Map(packages.map((part) => [part.component, part.package]));
  const documents = await demandingPackages(trx, product, wanted);
  if (documents.size === 0) return [];
  const selectors = [...documents.keys()].flatMap((component) => {
    const mapped = mappingOf(mapping, component);
    return mapped === undefined ? [] : [{ component, selector: parseSelector(mapped.where) }];
  });
  const { reports } = await heardIn(trx, environment, nowMs);
  const hosts = (await hostsIn(trx, [environment])).filter(({ retired, revoked }) => !retired && !revoked);
  return unfitHosts(
    hosts.map(({ id, name, labels }) => ({
      id: id as HostId,
      name,
      components: selectors
        .filter(({ selector }) => selects(selector, { id, name, labels }))
        .map(({ component }) => component),
      facts: reports.get(id)?.report.facts,
    })),
    documents,
  );
}

/** @throws XylemError E_FACTS_UNSUPPORTED with the names */
export function refuseUnfit(environment: string, { release }: KnownRelease, unfit: readonly Unfit[]): void {
  if (unfit.length === 0) return;
  throw new XylemError(
    'E_FACTS_UNSUPPORTED',
    `${release.product}@${release.version} has nothing for some hosts of ${environment}: ${namesOf(unfit)}. Publish the missing variants, map the components to other hosts, or deploy with --skip-unfit: those hosts keep what they run. Nothing was changed.`,
    { details: { unfit: unfit.slice(0, 1000) } },
  );
}

/** "db-1 (shop-db: no variant for debian 11, linux on x64), and 3 more". */
export function namesOf(unfit: readonly Unfit[]): string {
  const named = unfit
    .slice(0, mostNamed)
    .map(({ name, component, platform }) => `${name} (${component}: no variant for ${platform})`);
  const more = unfit.length - named.length;
  return `${named.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}
