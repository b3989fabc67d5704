import { sha256 } from '@xylem/core';

/** As much of a delegation as says which target paths it is for. */
export interface PathRule {
  readonly paths?: readonly string[] | undefined;
  readonly pathHashPrefixes?: readonly string[] | undefined;
}

/** Specification 4.5: whether a delegation is for this target path. */
export function mayHold({ paths, pathHashPrefixes }: PathRule, path: string): boolean {
  if (paths !== undefined) return paths.some((pattern) => matchesPattern(path, pattern));
  const hash = sha256(path);
  return pathHashPrefixes?.some((prefix) => hash.startsWith(prefix)) ?? false;
}

/**
 * PATHPATTERN: `*` is any run of characters but the slash, `?` one of them, all else itself. No negation, braces or
 * comments, and time at most the product of both lengths: a publisher's pattern runs on every host.
 */
export function matchesPattern(path: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < path.length) {
    const wanted = pattern[next];
    if (wanted === '*') {
      star = next;
      starAt = at;
      next += 1;
    } else if (wanted === path[at] || (wanted === '?' && path[at] !== '/')) {
      at += 1;
      next += 1;
    } else if (star !== -1 && path[starAt] !== '/') {
      // The last star takes one character more.
      starAt += 1;
      at = starAt;
      next = star + 1;
    } else return false;
  }
  while (pattern[next] === '*') next += 1;
  return next === pattern.length;
}
