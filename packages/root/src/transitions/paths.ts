import {
  compareVersions,
  type EnvironmentSpec,
  type HostId,
  type KnownRelease,
  mappingOf,
  parseSelector,
  pathFrom,
  type ReleaseName,
  selects,
  type TransitionGraph,
  type Version,
  type Way,
  whyNot,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { heardIn } from '../deployments/evidence.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { graphOf, installedOf } from './graph.ts';
import { waypointReleases } from './waypoints.ts';

/** How one host would come to a release. */
export interface HostWay {
  readonly host: HostId;
  readonly name: string;
  /** The lowest release that its components were committed with; null: nothing of the product is there. */
  readonly installed: Version | null;
  readonly way: Way;
  /** Why there is no way, one sentence; null: there is. */
  readonly refused: { readonly code: 'E_DEAD_END' | 'E_DOWNGRADE'; readonly message: string } | null;
}

/** By which way each host that a release would be given to would come to it, by what it reported; in order of names. */
export async function hostWays(
  trx: Database,
  environment: string,
  spec: EnvironmentSpec,
  { release }: KnownRelease,
  nowMs: number,
): Promise<HostWay[]> {
  const { product, version: target } = release;
  const graph = (await graphOf(trx, product)) ?? {};
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  const selectors = release.packages.flatMap(({ component }) => {
    const mapped = mapping === undefined ? undefined : mappingOf(mapping, component);
    return mapped === undefined ? [] : [parseSelector(mapped.where)];
  });
  const { reports } = await heardIn(trx, environment, nowMs);
  const hosts = (await hostsIn(trx, [environment])).filter(({ retired, revoked }) => !retired && !revoked);
  return hosts
    .filter((host) => selectors.some((selector) => selects(selector, host)))
    .map(({ id, name }) => ({
      host: id as HostId,
      name,
      ...wayOf(graph, product, installedOf(reports.get(id)?.report, product).values(), target),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of a host with several components that of the one furthest behind, unless another can't go at all. Pure. */
export function wayOf(
  graph: TransitionGraph,
  product: string,
  versions: Iterable<Version>,
  target: Version,
): Pick<HostWay, 'installed' | 'way' | 'refused'> {
  const sorted = [...versions].sort(compareVersions);
  const installed = sorted[0] ?? null;
  for (const version of sorted) {
    const way = pathFrom(graph, version, target);
    if (way.kind !== 'steps') return { installed, way, refused: whyNot(product, version, target, way) };
  }
  return { installed, way: pathFrom(graph, installed, target), refused: null };
}

/** What a publisher's word means for a deployment's hosts; null: it says nothing. */
export interface DeploymentWays {
  /** How a host comes to the deployment's release; refused: it takes no part. */
  to(installed: Iterable<Version>): Pick<HostWay, 'installed' | 'way' | 'refused'>;
  /** Packages of the releases on the way, by component: who refuses one of them does not get there. */
  readonly passes: ReadonlyMap<string, ReadonlySet<string>>;
  /** Their versions in ascending order. */
  readonly waypoints: readonly Version[];
}

export async function deploymentWays(
  db: Database,
  { product, to }: { readonly product: string; readonly to: ReleaseName | null },
): Promise<DeploymentWays | null> {
  const graph = to === null ? null : await graphOf(db, product);
  if (to === null || graph === null) return null;
  const releases = await waypointReleases(db, product, graph);
  const passes = new Map<string, Set<string>>();
  for (const { component, package: digest } of releases.flatMap(({ release }) => release.packages))
    passes.set(component, (passes.get(component) ?? new Set()).add(digest));
  return {
    to: (installed) => wayOf(graph, product, installed, to.version),
    passes,
    waypoints: releases.map(({ release }) => release.version),
  };
}
