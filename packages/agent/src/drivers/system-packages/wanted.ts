import {
  type CarriedPackage,
  type Digest,
  jcs,
  type PackageDocument,
  restartDefault,
  sha256,
} from '@xylem/core';

/** What a driver of system packages needs to know of an installation. */
export interface Carrying {
  readonly tree: Digest;
  readonly document: PackageDocument;
}

/** One package at one version. */
export interface PackageAt {
  readonly package: string;
  readonly architecture: string;
  readonly version: string;
}

/** All that the tree carries. Pure. */
export function carriedBy({ tree, document }: Carrying): readonly CarriedPackage[] {
  return document.variants.find((variant) => variant.tree === tree)?.packages ?? [];
}

/** What must be installed, and not only where something needs it. Pure. */
export function wantedBy(placed: Carrying): PackageAt[] {
  return carriedBy(placed)
    .filter(({ asNeeded }) => asNeeded === undefined)
    .map(packageAt);
}

export function packageAt({ package: name, architecture, version }: PackageAt): PackageAt {
  return { package: name, architecture, version };
}

/** Which packages of which versions, in any order. Pure. */
export function packagesFingerprint(packages: readonly PackageAt[]): string {
  const lines = packages.map((one) => `${one.package} ${one.architecture} ${one.version}`);
  return sha256(jcs(lines.sort()));
}

/** How these records name a package: with its architecture where that is not the host's own. Pure. */
export function keyOf(name: string, architecture: string, native: string): string {
  return [native, 'all', 'noarch'].includes(architecture) ? name : `${name}:${architecture}`;
}

/** What is started again after an installation. Pure. */
export function restartOf({ document }: Carrying): 'services' | 'reboot' | 'none' {
  return (document.deb ?? document.rpm)?.restart ?? restartDefault;
}
