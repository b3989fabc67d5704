import { sha256 } from '../hashing.ts';
import type { Digest } from '../ids.ts';
import { jcs } from '../jcs.ts';
import { isSealed, readSealed, type Sealed } from '../wire/sealed.ts';
import type { Config } from './config.ts';

/** The values of a configuration that are sealed, by key. Malformed ones are left out: `configFor` refuses them. */
export function sealedIn(config: Config): ReadonlyMap<string, Sealed> {
  const found = new Map<string, Sealed>();
  for (const [key, value] of Object.entries(config)) {
    const sealed = isSealed(value) ? readSealed(value) : null;
    if (sealed !== null) found.set(key, sealed);
  }
  return found;
}

/**
 * The configuration as far as it matters whether two are the same: of a sealed value its version alone, so that a
 * rotation of keys, which seals the same value anew, changes nothing on a host. Pure.
 */
export function meaningOfConfig(config: Config): Config {
  const sealed = sealedIn(config);
  if (sealed.size === 0) return config;
  const entries = Object.entries(config).map(([key, value]): [string, unknown] => {
    const own = sealed.get(key);
    return [key, own === undefined ? value : { $sealed: own.version }];
  });
  return Object.fromEntries(entries);
}

/**
 * Names what direction gives to a component as configuration, before the package's defaults and before anything sealed
 * is opened (docs/spec/reports.md). Pure.
 */
export const configDigest = (given: Config): Digest => sha256(jcs(meaningOfConfig(given)));
