/** A host as its newest report places it. */
export interface HeardPlace {
  readonly id: string;
  /** Whose child it is; null: the root server's, or not known. */
  readonly parent: string | null;
  readonly isSilent: boolean;
  /** When its newest report came; milliseconds since 1970. */
  readonly heardMs: number;
}

/** A part of the tree of which nothing is heard, by the relay at its top. */
export interface UnheardSubtree {
  readonly relay: string;
  /** False: the relay itself is heard, and nothing below it. */
  readonly isSilent: boolean;
  /** How many hosts are below it, at all levels. */
  readonly hosts: number;
  /** When anything below it, or it if it is silent, was heard last. */
  readonly heardMs: number;
}

interface Sum {
  readonly hosts: number;
  readonly isSilent: boolean;
  readonly heardMs: number;
}

const nobody: Sum = { hosts: 0, isSilent: true, heardMs: Number.NEGATIVE_INFINITY };

/**
 * The relays below which every host is silent, each at the top of its part. One that is heard itself counts only with
 * two children or more: of a single one that child is the top. Pure; in the order of `places`.
 */
export function unheardSubtrees(places: readonly HeardPlace[]): UnheardSubtree[] {
  const byId = new Map(places.map((place) => [place.id, place]));
  const children = Map.groupBy(places, ({ parent }) => parent);
  const sums = new Map<string, Sum>();
  const sumBelow = (id: string): Sum => {
    const known = sums.get(id);
    if (known !== undefined) return known;
    // Two that call each other their parent, in the middle of a move, are counted once.
    sums.set(id, nobody);
    const sum = (children.get(id) ?? []).reduce((so, child) => {
      const below = sumBelow(child.id);
      return {
        hosts: so.hosts + 1 + below.hosts,
        isSilent: so.isSilent && child.isSilent && below.isSilent,
        heardMs: Math.max(so.heardMs, child.heardMs, below.heardMs),
      };
    }, nobody);
    sums.set(id, sum);
    return sum;
  };
  const isUnheard = ({ id, isSilent }: HeardPlace): boolean => {
    const below = sumBelow(id);
    const enough = isSilent ? 1 : 2;
    return below.isSilent && (children.get(id)?.length ?? 0) >= enough;
  };
  const isTop = ({ parent }: HeardPlace): boolean => {
    const above = parent === null ? undefined : byId.get(parent);
    return above === undefined || !isUnheard(above);
  };
  return places
    .filter((place) => isUnheard(place) && isTop(place))
    .map(({ id, isSilent, heardMs }) => {
      const below = sumBelow(id);
      return {
        relay: id,
        isSilent,
        hosts: below.hosts,
        heardMs: isSilent ? Math.max(heardMs, below.heardMs) : below.heardMs,
      };
    });
}
