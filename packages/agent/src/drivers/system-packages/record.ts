import type { Digest } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../../state/json-file.ts';
import { type ProcessIdentity, parseProcessIdentity } from '../../state/process-identity.ts';
import type { PackageSystem } from './system.ts';
import type { PackageAt } from './wanted.ts';

/** What this component did to one package. */
export interface Changed {
  /** What was installed before this component came; null: nothing, so that it may be removed again. */
  readonly before: string | null;
  /** What it was led to last. */
  readonly version: string;
}

export interface StaleProcess {
  readonly identity: ProcessIdentity;
  readonly name: string;
}

/**
 * What a component changed of the host's packages: `packages.json` in its folder (docs/spec/components/deb.md).
 * Invariant: it is written before anything is changed, and an entry's `before` never changes but from a version to null.
 */
export interface PackagesRecord {
  /** Of which package system; absent in older files: deb. */
  readonly kind: PackageSystem['kind'];
  /** The tree that was applied last, or was being applied. */
  readonly tree: Digest;
  /** What of it must be installed. */
  readonly wanted: readonly PackageAt[];
  /** Paths of all packages in that tree: other components may take from them. */
  readonly files: readonly string[];
  /** By name, with the architecture where that is not the host's own. */
  readonly packages: Readonly<Record<string, Changed>>;
  /** Where the package system does not tell: whether changing them has begun and not ended. */
  readonly unfinished?: boolean;
  /** The boot in which packages were changed last; null: none were. */
  readonly changedIn: string | null;
  /** Process 1 as it was when this component last asked for a new start of the host. */
  readonly asked?: ProcessIdentity;
  /** Whoever ran with replaced libraries then, and could not be started again. */
  readonly stale: readonly StaleProcess[];
}

export function packagesRecord(path: string, log: Log): JsonFile<PackagesRecord> {
  return jsonFile(path, 'xylem-packages-1', parse, log);
}

function parse(value: Record<string, unknown>): PackagesRecord {
  const asked = parseProcessIdentity(value.asked);
  const { kind = 'deb', tree, wanted, files = [], packages, changedIn = null, stale = [] } = value;
  if (kind !== 'deb' && kind !== 'rpm') throw new Error('of no package system');
  if (typeof tree !== 'string' || !Array.isArray(wanted) || !Array.isArray(stale))
    throw new Error('incomplete');
  if (typeof packages !== 'object' || packages === null) throw new Error('no packages');
  for (const changed of Object.values(packages as Record<string, Partial<Changed> | null>)) {
    if (typeof changed?.version !== 'string') throw new Error('a package without a version');
    if (changed.before !== null && typeof changed.before !== 'string') throw new Error('no word of before');
  }
  return {
    kind,
    tree: tree as Digest,
    wanted: wanted as PackageAt[],
    files: Array.isArray(files) ? files.map(String) : [],
    packages: packages as Record<string, Changed>,
    ...(value.unfinished === true ? { unfinished: true } : {}),
    changedIn: typeof changedIn === 'string' ? changedIn : null,
    ...(asked === null ? {} : { asked }),
    stale: stale.flatMap((one: { identity?: unknown; name?: unknown }) => {
      const identity = parseProcessIdentity(one.identity);
      return identity === null ? [] : [{ identity, name: String(one.name) }];
    }),
  };
}
