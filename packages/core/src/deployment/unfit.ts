import { type Platform, platformText, variantFor } from '../direction/variant.ts';
import type { HostId } from '../ids.ts';
import type { PackageDocument } from '../wire/package/document.ts';

/** A host that is given a component of which there is no variant for it. */
export interface Unfit {
  readonly host: HostId;
  readonly name: string;
  readonly component: string;
  /** For people: "debian 11, linux on arm64". */
  readonly platform: string;
}

type Variants = Pick<PackageDocument, 'variants'>;
/** `facts` of a report; undefined: the host has not reported. */
type Facts = Readonly<Record<string, unknown>> | undefined;

/**
 * Whether a host could install one of a package's variants, by what it said of itself. What is not known speaks for it:
 * a host that has not reported, and one of which an older agent does not name the distribution. Pure.
 */
export function mayFit({ variants }: Variants, facts: Facts): boolean {
  const platform = platformOf(facts);
  if (platform === null) return true;
  if (platform.distribution !== undefined) return variantFor({ variants }, platform) !== null;
  const anyDistribution = variants.map(({ tree, sizeBytes, os, arch }) => ({
    tree,
    sizeBytes,
    ...(os === undefined ? {} : { os }),
    ...(arch === undefined ? {} : { arch }),
  }));
  return variantFor({ variants: anyDistribution }, platform) !== null;
}

/**
 * Who is given a component that does not fit, by host and component.
 * @param hosts with the components that each is given
 * @param packages by component
 */
export function unfitHosts(
  hosts: readonly {
    readonly id: HostId;
    readonly name: string;
    readonly components: readonly string[];
    readonly facts: Facts;
  }[],
  packages: ReadonlyMap<string, Variants>,
): Unfit[] {
  return hosts.flatMap(({ id, name, components, facts }) =>
    components.flatMap((component) => {
      const document = packages.get(component);
      const platform = platformOf(facts);
      if (document === undefined || platform === null || mayFit(document, facts)) return [];
      return [{ host: id, name, component, platform: platformText(platform) }];
    }),
  );
}

/** Of facts that a host reported. Null where it does not say what variants tell hosts apart by. */
export function platformOf(facts: Facts): Platform | null {
  const { os, arch, distribution, distributionVersion } = facts ?? {};
  if (typeof os !== 'string' || typeof arch !== 'string') return null;
  return {
    os,
    arch,
    ...(typeof distribution === 'string' ? { distribution } : {}),
    ...(typeof distributionVersion === 'string' ? { distributionVersion } : {}),
  };
}
