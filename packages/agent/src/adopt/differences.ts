/** Something that is not as the package says. */
export interface Difference {
  /** A path below the compared folder, an absolute one, or what of a process it is. */
  readonly path: string;
  /** In a few words: `is missing`, `has other bytes`. */
  readonly what: string;
  /** Nothing that the package names: what lies there beside it. */
  readonly extra?: true;
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

/** Pure. */
export function differencesOf(all: readonly Difference[]): Differences {
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
