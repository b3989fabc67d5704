import {
  configDigest,
  configFor,
  type DesiredState,
  type Digest,
  type HostAssignment,
  inRange,
  type PackageDocument,
  type Platform,
  platformText,
  type Release,
  variantFor,
  XylemError,
} from '@xylem/core';
import { checkHooks } from '../converge/hooks.ts';
import { lockOf } from '../converge/locks.ts';
import { type ComponentKind, stepsOfKind } from '../converge/points.ts';
import type { Places } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import type { HostValues, Placed } from '../slot/placed.ts';
import type { Held } from './wanted.ts';

/**
 * The package of an assignment as this host should run it, from documents that were already verified. Pure.
 * @throws XylemError E_NOT_VOUCHED, E_DRIVER_UNSUPPORTED, E_FACTS_UNSUPPORTED, E_CONFIG_INVALID, E_PLACEHOLDER
 */
export function place(
  assignment: HostAssignment,
  release: Release,
  document: PackageDocument,
  state: DesiredState,
  platform: Platform,
  places: Places,
  host: HostValues,
): Placed {
  const { component, product, version } = assignment;
  const named = release.packages.find((entry) => entry.component === component);
  const domain = state.products[product]?.domain;
  if (release.product !== product || domain === undefined || release.domain !== domain) {
    throw notVouched(component, `the release is not one of ${product} in its domain`);
  }
  if (named === undefined || named.package !== assignment.package || named.version !== version) {
    throw notVouched(
      component,
      `${product} ${release.version} does not hold ${component} ${version} with that package`,
    );
  }
  if (document.component !== component || document.product !== product || document.version !== version) {
    throw notVouched(component, 'the package document is that of another component or version');
  }
  const { kind } = document;
  if (!isInstallable(kind)) {
    throw new XylemError(
      'E_DRIVER_UNSUPPORTED',
      `${component} is of kind ${kind}, which this agent does not install.`,
    );
  }
  const variant = variantFor(document, platform);
  if (variant === null) {
    throw new XylemError(
      'E_FACTS_UNSUPPORTED',
      `${component} ${version} has no variant for ${platformText(platform)}.`,
    );
  }
  const { tree, sizeBytes } = variant;
  const placed: Placed = {
    component,
    product,
    kind,
    release: assignment.release,
    releaseVersion: release.version,
    package: assignment.package,
    version,
    deployment: assignment.deployment ?? null,
    domain,
    tree,
    sizeBytes,
    after: [...new Set([...assignment.after, ...named.after, ...(document.service?.after ?? [])])].sort(),
    config: configFor(document, assignment.config),
    configDigest: configDigest(assignment.config),
    document,
    ...(document.files?.install.some(({ template }) => template === true) === true ? { host } : {}),
    ...(assignment.urgent === true ? { urgent: true } : {}),
    ...(assignment.passes === undefined ? {} : { passes: assignment.passes }),
    ...(assignment.overrides === undefined ? {} : { overrides: assignment.overrides }),
    ...(assignment.bakeSeconds === undefined ? {} : { bakeSeconds: assignment.bakeSeconds }),
    ...(assignment.switched === undefined ? {} : { switched: assignment.switched }),
    ...(assignment.retry === undefined ? {} : { retry: assignment.retry }),
  };
  drivers[kind].check?.(placed, places);
  checkHooks(placed, places);
  lockOf(placed, places);
  return placed;
}

function isInstallable(kind: PackageDocument['kind']): kind is ComponentKind {
  return Object.hasOwn(stepsOfKind, kind);
}

/** Components whose `requires` another component of this host does not meet. Pure. */
export function unmetRequirements(components: readonly Placed[]): Held[] {
  const versions = new Map(components.map(({ component, version }) => [component, version]));
  return components.flatMap(({ component, version, document }): Held[] => {
    for (const [needed, range] of Object.entries(document.requires ?? {})) {
      const found = versions.get(needed);
      if (found !== undefined && inRange(found, range)) continue;
      const has = found === undefined ? 'it is not given to this host' : `this host is given ${found}`;
      return [
        {
          component,
          code: 'E_DEPENDENCY',
          message: `${component} ${version} requires ${needed} ${range}, and ${has}.`,
        },
      ];
    }
    return [];
  });
}

export function notVouched(component: string, why: string): XylemError {
  return new XylemError('E_NOT_VOUCHED', `${component} is not installed: ${why}.`);
}

/** For messages. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 12);
}
