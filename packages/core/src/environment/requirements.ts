import { XylemError } from '../errors.ts';
import { inRange } from '../versions.ts';
import type { PackageDocument } from '../wire/package/document.ts';

/** A requirement of one package that nothing in the environment meets. */
interface Unmet {
  readonly component: string;
  readonly requires: string;
  readonly range: string;
  /** The versions that are there; empty: none. */
  readonly found: readonly string[];
}

/** What `packages`, all that will run in an environment together, require and do not have among them. */
function unmetRequirements(packages: readonly PackageDocument[]): readonly Unmet[] {
  const versions = Map.groupBy(packages, ({ component }) => component);
  return packages.flatMap(({ component, requires = {} }) =>
    Object.entries(requires).flatMap(([needed, range]) => {
      const there = (versions.get(needed) ?? []).map(({ version }) => version);
      const met = there.some((version) => inRange(version, range));
      return met ? [] : [{ component, requires: needed, range, found: there }];
    }),
  );
}

/** Throws E_DEPENDENCY for the first requirement that is not met; all of them are in the details. */
export function refuseUnmetRequirements(environment: string, packages: readonly PackageDocument[]): void {
  const unmet = unmetRequirements(packages);
  const [first] = unmet;
  if (first === undefined) return;
  const { component, requires, range, found } = first;
  const there = found.length === 0 ? 'there is none' : `there is ${found.join(', ')}`;
  throw new XylemError(
    'E_DEPENDENCY',
    `${component} requires ${requires} ${range} in ${environment}; ${there}.`,
    {
      details: { environment, unmet },
    },
  );
}
