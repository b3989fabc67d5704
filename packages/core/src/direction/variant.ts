import type { PackageDocument, PackageVariant } from '../wire/package/document.ts';

/** What variants tell hosts apart by. */
export interface Platform {
  /** `process.platform`. */
  readonly os: string;
  /** `process.arch`. */
  readonly arch: string;
  /** ID and VERSION_ID of /etc/os-release, where there is one. */
  readonly distribution?: string;
  readonly distributionVersion?: string;
}

/** By how much each name makes a variant more specific. */
const weights = { distributionVersion: 8, distribution: 4, os: 2, arch: 1 } as const;
const names = Object.keys(weights) as (keyof typeof weights)[];

/** The most specific variant that fits, null when none does. Pure. */
export function variantFor(
  { variants }: Pick<PackageDocument, 'variants'>,
  platform: Platform,
): PackageVariant | null {
  const fitting = variants.filter((variant) =>
    names.every((name) => variant[name] === undefined || variant[name] === platform[name]),
  );
  const weight = (variant: PackageVariant): number =>
    names.reduce((sum, name) => sum + (variant[name] === undefined ? 0 : weights[name]), 0);
  return fitting.sort((a, b) => weight(b) - weight(a))[0] ?? null;
}

/** For messages: "debian 12, linux on x64". */
export function platformText({ os, arch, distribution, distributionVersion }: Platform): string {
  const machine = `${os} on ${arch}`;
  if (distribution === undefined) return machine;
  return `${[distribution, distributionVersion].filter((part) => part !== undefined).join(' ')}, ${machine}`;
}
