/** A relay as its parents find it. */
export interface RelayPlace {
  readonly id: string;
  /** Where it serves; null: not known yet. */
  readonly url: string | null;
  /** Where it pulls from as long as that answers; null: not known. */
  readonly firstParent: string | null;
}

/** One spelling for addresses that name the same: docs/spec/sites.md. Pure. */
export function sameAddress(url: string): string {
  try {
    const { origin, pathname } = new URL(url);
    return `${origin}${pathname.replace(/\/+$/, '')}`;
  } catch {
    return url;
  }
}

/**
 * The first circle of first parents that leads through one of `changed`: its relays' ids from that one upwards; null:
 * there is none. Pure.
 */
export function parentLoop(
  relays: readonly RelayPlace[],
  changed: ReadonlySet<string>,
): readonly string[] | null {
  const byUrl = new Map<string, RelayPlace>();
  for (const relay of relays) if (relay.url !== null) byUrl.set(sameAddress(relay.url), relay);
  for (const start of relays) {
    if (!changed.has(start.id)) continue;
    const way = new Set<string>();
    for (let at: RelayPlace | undefined = start; at !== undefined && !way.has(at.id); ) {
      way.add(at.id);
      at = at.firstParent === null ? undefined : byUrl.get(sameAddress(at.firstParent));
      if (at?.id === start.id) return [...way];
    }
  }
  return null;
}
