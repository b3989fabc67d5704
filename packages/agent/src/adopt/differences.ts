/** Something that is not as the package says. */
export interface Difference {
  /** A path below the compared folder, an absolute one, or what of a process it is. */
  readonly path: string;
  /** In a few words: `is missing`, `has other bytes`. */
  readonly what: string;
  /** Nothing that the package names: what lies there beside it. */
  readonly extra?: true;
  /** People's own to change, as configuration that was installed: it stays so, is said, and keeps nothing from being adopted. */
  readonly kept?: true;
}

/** A bounded list of them. */
export interface Differences {
  readonly count: number;
  /** How many of them the package does not name. */
  readonly extra: number;
  /** The first ones, those that the package names before others. */
  readonly named: readonly Difference[];
}

const mostNamed = 100;

/** Those that keep it from being adopted. Pure. */
export function differencesOf(found: readonly Difference[]): Differences {
  const all = found.filter((one) => one.kept !== true);
  const extra = all.filter((one) => one.extra === true);
  const named = all.filter((one) => one.extra !== true);
  return { count: all.length, extra: extra.length, named: [...named, ...extra].slice(0, mostNamed) };
}

/** One sentence; the paths that the package does not name stay on the host. Pure. */
export function differencesText({ count, extra, named }: Differences): string {
  const own = named.filter((one) => one.extra !== true);
  const first = own.slice(0, 5).map(({ path, what }) => `${path} ${what}`);
  const more = count - extra - first.length;
  const parts = [
    ...first,
    ...(more > 0 ? [`${more} more`] : []),
    ...(extra > 0 ? [`${extra} that the package does not hold`] : []),
  ];
  return `${count === 1 ? 'One difference' : `${count} differences`}: ${parts.join('; ')}.`;
}

/** One sentence about what stays as people changed it, or null. Pure. */
export function keptText(found: readonly Difference[]): string | null {
  const kept = found.filter((one) => one.kept === true).map(({ path, what }) => `${path} ${what}`);
  if (kept.length === 0) return null;
  const more = kept.length - mostKept;
  return `Kept as it is: ${kept.slice(0, mostKept).join('; ')}${more > 0 ? `; ${more} more` : ''}.`;
}

const mostKept = 20;
