import compare from 'semver/functions/compare.js';
import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';

declare const brand: unique symbol;

/** Semantic Versioning 2.0.0 without build metadata. */
export type Version = string & { readonly [brand]: 'Version' };

export const versionPattern =
  '^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?$';
const pattern = new RegExp(versionPattern);

export function isVersion(text: string): text is Version {
  return text.length <= 100 && pattern.test(text);
}

/** Below 0 if `a` is older than `b`, above 0 if newer, 0 if equal. */
export function compareVersions(a: Version, b: Version): number {
  return compare(a, b);
}

export function isVersionRange(text: string): boolean {
  return text.length <= 256 && validRange(text) !== null;
}

/** Whether a version lies in a semver range; prereleases count as versions of their own order. */
export function inRange(version: Version, range: string): boolean {
  return satisfies(version, range, { includePrerelease: true });
}
