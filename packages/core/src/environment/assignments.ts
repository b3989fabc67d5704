import { courseOf } from '../deployment/course.ts';
import { type Deployment, labelOf } from '../deployment/deployment.ts';
import { everyone, nobody } from '../direction/cohort.ts';
import type { Digest } from '../ids.ts';
import { inOrder } from '../order.ts';
import type { Version } from '../versions.ts';
import type { Assignment } from '../wire/desired-state.ts';
import { type Urgency, urgencyOf } from '../wire/passing.ts';
import type { Release, ReleasePackage } from '../wire/release.ts';
import { type ComponentMapping, type EnvironmentSpec, everywhere, mappingOf } from './spec.ts';

export interface KnownRelease {
  readonly digest: Digest;
  readonly release: Release;
}

/** What has been decided about one product in an environment. */
export interface ProductDirection {
  readonly product: string;
  /** The release that the last deployment that succeeded brought. */
  readonly settled: KnownRelease | null;
  /** Deployments since then, newest first: running, paused, or ended without success. `release` is null for an undeploy. */
  readonly deployments: readonly { readonly deployment: Deployment; readonly release: KnownRelease | null }[];
}

/**
 * The assignments of an environment's desired state. For each component the newest deployment's comes first, with its
 * cohort, then those of deployments that it superseded, then the settled one: a host follows the first that fits.
 * A component that the newest release no longer has stays until its deployment has succeeded.
 */
export function desiredAssignments(
  spec: EnvironmentSpec,
  directions: readonly ProductDirection[],
): Assignment[] {
  const byProduct = new Map(directions.map((direction) => [direction.product, direction]));
  const components: { component: string; after: readonly string[]; assignments: Assignment[] }[] = [];
  for (const [product, mapping] of Object.entries(spec.products)) {
    const layers = layersOf(byProduct.get(product));
    const names = new Set(
      layers.flatMap(({ known }) => known.release.packages.map(({ component }) => component)),
    );
    for (const component of [...names].sort()) {
      const mapped = mappingOf(mapping, component);
      if (mapped === undefined) continue;
      const assignments = layers.flatMap((layer) => {
        const part = layer.known.release.packages.find((candidate) => candidate.component === component);
        if (part === undefined) return [];
        const urgency = urgencyIn(layer, spec.policy);
        return assignmentsIn(product, layer, part, mapped).map((one) => ({ ...one, ...urgency }));
      });
      components.push({ component, after: assignments[0]?.after ?? [], assignments });
    }
  }
  return inOrder(components).flatMap(({ assignments }) => assignments);
}

/** A package that hosts are asked about before it is directed. */
export interface AheadPart {
  readonly product: string;
  readonly release: Digest;
  readonly component: string;
  readonly package: Digest;
  readonly version: Version;
}

/**
 * An assignment that nobody follows for each part that the others do not have: by it relays carry what hosts look at
 * beforehand, and hosts know its configuration (docs/spec/jobs.md, Beforehand).
 */
export function aheadAssignments(
  spec: EnvironmentSpec,
  parts: readonly AheadPart[],
  others: readonly Assignment[],
): Assignment[] {
  const known = new Set(others.map((one) => `${one.component} ${one.package}`));
  return parts.flatMap(({ product, release, component, package: digest, version }) => {
    const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
    // A product that is not mapped yet would be, to all hosts, by its first deployment.
    const mapped = mapping === undefined ? everywhere : mappingOf(mapping, component);
    if (mapped === undefined || known.has(`${component} ${digest}`)) return [];
    const { where, config, after } = mapped;
    const cohort = { salt: aheadSalt, atMost: nobody };
    return [
      {
        component,
        product,
        release,
        package: digest,
        version,
        where,
        config,
        after: [...after].sort(),
        cohort,
      },
    ];
  });
}

/** Any will do for a cohort without hosts. */
const aheadSalt = 'YWhlYWQtb2Y';

interface Layer {
  readonly known: KnownRelease;
  readonly deployment?: Deployment;
}

function layersOf(direction: ProductDirection | undefined): Layer[] {
  if (direction === undefined) return [];
  const layers: Layer[] = [];
  for (const [index, { deployment, release }] of direction.deployments.entries()) {
    if (release === null) return [...layers, ...undeployed(direction, deployment, index)];
    layers.push({ known: release, deployment });
  }
  return direction.settled === null ? layers : [...layers, { known: direction.settled }];
}

/**
 * Below an undeploy lies what its threshold has not taken away yet. An assignment has one cohort, so above another
 * unfinished deployment an undeploy is all at once.
 */
function undeployed(
  { settled, deployments }: ProductDirection,
  deployment: Deployment,
  index: number,
): Layer[] {
  return settled === null || index < deployments.length - 1 ? [] : [{ known: settled, deployment }];
}

/**
 * One for each value of a label that has a threshold of its own, then one for the hosts with none of these values:
 * that is a selector each, and no other format. One alone where all thresholds are the same.
 */
function assignmentsIn(
  product: string,
  layer: Layer,
  part: ReleasePackage,
  mapped: ComponentMapping,
): Assignment[] {
  const { deployment } = layer;
  const strata = Object.entries(deployment?.strata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const per = strata.length === 0 ? undefined : labelOf(deployment?.strategy);
  if (deployment === undefined || per === undefined || strata.every(([, at]) => at === deployment.threshold))
    return [assignment(product, layer, part, mapped, deployment?.threshold)];
  const within = (condition: string): ComponentMapping => ({
    ...mapped,
    where: mapped.where === 'all' ? condition : `(${mapped.where}) and ${condition}`,
  });
  const named = strata.map(([value]) => `"${value}"`).join(', ');
  return [
    ...strata
      .filter(([, threshold]) => threshold !== nobody)
      .map(([value, threshold]) =>
        assignment(product, layer, part, within(`${per} = "${value}"`), threshold),
      ),
    assignment(product, layer, part, within(`not (${per} in (${named}))`), deployment.threshold),
  ];
}

function assignment(
  product: string,
  { known, deployment }: Layer,
  part: ReleasePackage,
  { where, config, after }: ComponentMapping,
  threshold: string | undefined,
): Assignment {
  return {
    component: part.component,
    product,
    release: known.digest,
    package: part.package,
    version: part.version,
    where,
    config,
    after: [...new Set([...part.after, ...after])].sort(),
    ...(deployment === undefined
      ? {}
      : { deployment: deployment.id, ...cohortOf(deployment.salt, threshold ?? nobody) }),
    ...bakeOf(deployment),
  };
}

/** Where it is judged, each host owes a report at the end of its bake. */
function bakeOf(deployment: Deployment | undefined): Pick<Assignment, 'bakeSeconds'> {
  if (deployment === undefined || deployment.kind !== 'deploy') return {};
  const seconds = Math.ceil(courseOf(deployment.strategy)?.bakeSeconds ?? 0);
  return seconds < 1 ? {} : { bakeSeconds: seconds };
}

function urgencyIn({ deployment }: Layer, policy: EnvironmentSpec['policy']): Urgency {
  const isUrgent = deployment?.urgent === true && deployment.kind !== 'undeploy';
  return isUrgent ? urgencyOf(deployment.passes, policy) : {};
}

/** No cohort where it would admit everyone: such an assignment reads as what it is. */
function cohortOf(salt: string, threshold: string): Pick<Assignment, 'cohort'> {
  return threshold === everyone ? {} : { cohort: { salt, atMost: threshold } };
}
