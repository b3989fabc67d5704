import type { EnvironmentSpec } from '../environment/spec.ts';
import { sha256 } from '../hashing.ts';
import { type Digest, isDigest } from '../ids.ts';
import { jcs } from '../jcs.ts';
import { compareVersions, type Version } from '../versions.ts';

/** What is material about one environment (docs/spec/plans.md, Facts): it changes when a person would want to know. */
export interface PlanFacts {
  /** `policy` and other keys of its YAML, and `product/<name>` for each product that it maps. */
  readonly spec: Readonly<Record<string, Digest>>;
  readonly products: Readonly<
    Record<string, { readonly settled: Version | null; readonly newest: Version | null }>
  >;
  readonly components: Readonly<
    Record<string, { readonly runs: readonly Version[]; readonly target: Version | null }>
  >;
  readonly databases: Readonly<Record<string, { readonly oldest: number; readonly newest: number }>>;
  readonly back: WayBack;
}

export interface WayBack {
  readonly to: Version | null;
  /** What it would not undo, sorted. */
  readonly cannot: readonly string[];
}

/** What the YAML says, without sealed values. Pure. */
export function specFacts({ name: _name, products, ...rest }: EnvironmentSpec): PlanFacts['spec'] {
  const mapped = Object.entries(products).map(([product, { sealed: _sealed, ...mapping }]) => [
    `product/${product}`,
    sha256(jcs(mapping)),
  ]);
  const others = Object.entries(rest).map(([key, value]) => [key, sha256(jcs(value))]);
  return Object.fromEntries([...others, ...mapped]) as Record<string, Digest>;
}

export const factsDigest = (facts: PlanFacts): Digest => sha256(jcs(facts));

/** What hosts run: by component the set of versions, in the order of versions, whoever and how many run each. Pure. */
export function runningVersions(
  hosts: readonly {
    readonly components: readonly { readonly component: string; readonly version: Version }[];
  }[],
): Map<string, readonly Version[]> {
  const found = new Map<string, Set<Version>>();
  for (const { components } of hosts) {
    for (const { component, version } of components) {
      const versions = found.get(component) ?? new Set();
      found.set(component, versions.add(version));
    }
  }
  return new Map([...found].map(([component, versions]) => [component, [...versions].sort(compareVersions)]));
}

/** One fact that is not what it was. */
export interface FactChange {
  /** `components.shop-api.runs` */
  readonly fact: string;
  readonly from: string;
  readonly to: string;
}

/** Which facts differ. Pure. */
export function factsDifference(before: PlanFacts, after: PlanFacts): FactChange[] {
  return [...differences('', before, after)];
}

function* differences(path: string, before: unknown, after: unknown): Generator<FactChange> {
  if (isRecord(before) && isRecord(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort())
      yield* differences(path === '' ? key : `${path}.${key}`, own(before, key), own(after, key));
    return;
  }
  const from = factText(before);
  const to = factText(after);
  if (from !== to) yield { fact: path, from, to };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = (record: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined;

function factText(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'nothing' : value.map(String).join(', ');
  // Nobody reads 64 digits; that two of them differ is what is to be seen.
  if (typeof value === 'string') return isDigest(value) ? `${value.slice(0, 12)}…` : value;
  return jcs(value);
}
