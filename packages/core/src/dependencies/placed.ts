import { mayOverlap } from '../environment/overlap.ts';
import { mappingOf, type ProductMapping } from '../environment/spec.ts';
import { parseSelector } from '../selector/parse.ts';
import { inRange, type Version } from '../versions.ts';
import type { PackageDocument } from '../wire/package/document.ts';

/** A component as it is given, or would be given, to hosts of one environment. */
export interface PlacedComponent {
  readonly product: string;
  /** The version of the release that brings it. */
  readonly release: Version;
  readonly component: string;
  readonly version: Version;
  /** A selector. */
  readonly where: string;
  /** Version ranges by component. */
  readonly requires: Readonly<Record<string, string>>;
}

/** What one component requires of another on the same host. */
export interface Need {
  readonly by: PlacedComponent;
  readonly component: string;
  readonly range: string;
  /** Those of that name which can be on a host together with it, whatever their versions. */
  readonly found: readonly PlacedComponent[];
  /** Those of that name which never are, by their selectors. */
  readonly apart: readonly PlacedComponent[];
  /** Some of `found` fits. Whether it is on each single host is that host's to know. */
  readonly met: boolean;
}

/** The components of a release that an environment maps. Pure. */
export function placedComponents(
  release: Version,
  mapping: ProductMapping,
  packages: readonly PackageDocument[],
): readonly PlacedComponent[] {
  return packages.flatMap(({ product, component, version, requires = {} }) => {
    const mapped = mappingOf(mapping, component);
    return mapped === undefined
      ? []
      : [{ product, release, component, version, where: mapped.where, requires }];
  });
}

/** Whether two selectors can name one host: asked of the same few again and again, and slow to prove. */
type Overlap = (a: string, b: string) => boolean;

function rememberedOverlap(): Overlap {
  const known = new Map<string, boolean>();
  return (a, b) => {
    if (a === b || a === 'all' || b === 'all') return true;
    const key = `${a}\n${b}`;
    const answer = known.get(key) ?? mayOverlap(parseSelector(a), parseSelector(b));
    known.set(key, answer);
    return answer;
  };
}

/** All components of an environment, found by name. */
export class Placement {
  readonly components: readonly PlacedComponent[];
  readonly #byName: ReadonlyMap<string, readonly PlacedComponent[]>;
  readonly #overlap: Overlap;

  constructor(components: readonly PlacedComponent[], overlap: Overlap = rememberedOverlap()) {
    this.components = components;
    this.#byName = Map.groupBy(components, ({ component }) => component);
    this.#overlap = overlap;
  }

  named(component: string): readonly PlacedComponent[] {
    return this.#byName.get(component) ?? [];
  }

  /** These products with other components; an empty list takes one away. */
  with(changed: ReadonlyMap<string, readonly PlacedComponent[]>): Placement {
    const kept = this.components.filter(({ product }) => !changed.has(product));
    return new Placement([...kept, ...[...changed.values()].flat()], this.#overlap);
  }

  need(by: PlacedComponent, component: string, range: string): Need {
    const [found, apart]: [PlacedComponent[], PlacedComponent[]] = [[], []];
    for (const one of this.named(component)) {
      if (this.#overlap(by.where, one.where)) found.push(one);
      else apart.push(one);
    }
    return { by, component, range, found, apart, met: found.some(({ version }) => inRange(version, range)) };
  }

  needsOf(by: PlacedComponent): readonly Need[] {
    return Object.entries(by.requires).map(([component, range]) => this.need(by, component, range));
  }
}
