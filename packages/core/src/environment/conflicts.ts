import { configFor } from '../direction/config.ts';
import { XylemError } from '../errors.ts';
import { parseSelector } from '../selector/parse.ts';
import type { PackageDocument } from '../wire/package/document.ts';
import { claimedPaths, pathsClash } from '../wire/package/files.ts';
import { claimedPorts } from '../wire/package/switching.ts';
import { mayOverlap } from './overlap.ts';
import { type EnvironmentSpec, mappingOf } from './spec.ts';

/** What two components must not both have on one host. */
export interface Conflict {
  readonly what: 'component' | 'port' | 'path';
  /** The name, the number or the path. */
  readonly value: string;
  readonly claims: readonly [Claim, Claim];
}

export interface Claim {
  readonly product: string;
  readonly component: string;
  readonly where: string;
}

/**
 * Conflicts of an environment when these packages run in it: the packages of all releases that are or will be there.
 * A component belongs to one product, on whatever hosts, for its data folder and its configuration go by its name.
 */
export function conflictsIn(
  spec: EnvironmentSpec,
  packages: readonly PackageDocument[],
): readonly Conflict[] {
  const claims = packages.flatMap((document) => claimsOf(spec, document));
  const conflicts = new Map<string, Conflict>();
  for (const [index, a] of claims.entries()) {
    for (const b of claims.slice(index + 1)) {
      const conflict = between(a, b);
      if (conflict !== undefined)
        conflicts.set(`${conflict.what} ${conflict.value} ${a.component} ${b.component}`, conflict);
    }
  }
  return [...conflicts.values()];
}

/** Throws E_COMPONENT_CONFLICT for the first conflict, E_CONFIG_INVALID or E_PLACEHOLDER for a port that can't be known. */
export function refuseConflicts(spec: EnvironmentSpec, packages: readonly PackageDocument[]): void {
  const conflicts = conflictsIn(spec, packages);
  const [first] = conflicts;
  if (first === undefined) return;
  const [a, b] = first.claims;
  const claim = ({ product, component, where }: Claim): string =>
    `${component} of ${product} (where: ${where})`;
  throw new XylemError(
    'E_COMPONENT_CONFLICT',
    `In ${spec.name} the ${first.what} ${first.value} is claimed by ${claim(a)} and by ${claim(b)}.`,
    { details: { environment: spec.name, conflicts } },
  );
}

interface HostClaim extends Claim {
  readonly ports: readonly number[];
  readonly paths: readonly string[];
}

function claimsOf(spec: EnvironmentSpec, document: PackageDocument): readonly HostClaim[] {
  const { product, component } = document;
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  const mapped = mapping === undefined ? undefined : mappingOf(mapping, component);
  if (mapped === undefined) return [];
  const places = { config: configFor(document, mapped.config), tree: '', data: '', node: '' };
  return [
    {
      product,
      component,
      where: mapped.where,
      ports: claimedPorts(document, places),
      paths: claimedPaths(document),
    },
  ];
}

function between(a: HostClaim, b: HostClaim): Conflict | undefined {
  if (a.component === b.component) {
    return a.product === b.product
      ? undefined
      : { what: 'component', value: a.component, claims: [bare(a), bare(b)] };
  }
  const clash = clashOf(a, b);
  if (clash === undefined || !mayOverlap(parseSelector(a.where), parseSelector(b.where))) return undefined;
  return { ...clash, claims: [bare(a), bare(b)] };
}

function clashOf(a: HostClaim, b: HostClaim): Pick<Conflict, 'what' | 'value'> | undefined {
  const port = a.ports.find((candidate) => b.ports.includes(candidate));
  if (port !== undefined) return { what: 'port', value: String(port) };
  const path = a.paths.find((own) => b.paths.some((other) => pathsClash(own, other)));
  return path === undefined ? undefined : { what: 'path', value: path };
}

function bare({ product, component, where }: HostClaim): Claim {
  return { product, component, where };
}
