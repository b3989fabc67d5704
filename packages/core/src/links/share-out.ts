/** What one child could take now. */
export interface Want {
  readonly bytes: number;
  /** The most that it may have now. */
  readonly atMost: number;
}

/**
 * Shares bytes out among those who want some: equal shares, what one does not need goes to the others (max-min fair).
 * Where that makes shares smaller than `least`, the first of the list get that much, and the rest wait. Pure.
 * @returns whole bytes by place, at most what each wants and may have, at most `bytes` together
 */
export function shareOut(bytes: number, wants: readonly Want[], least: number): number[] {
  const most = wants.map((want) => Math.floor(Math.max(0, Math.min(want.bytes, want.atMost))));
  const given = wants.map(() => 0);
  let left = Math.floor(bytes);
  const worth = (place: number): number => Math.min(least, wants[place]?.bytes ?? 0);
  const waiting = [...most.keys()].filter((place) => (most[place] ?? 0) >= Math.max(1, worth(place)));
  const first = waiting[0];
  const isFirstServed = first !== undefined && left >= worth(first);
  const admitted = waiting.slice(0, Math.max(isFirstServed ? 1 : 0, Math.floor(left / least)));
  // The smallest first: what they leave is shared by the larger ones.
  const rising = admitted.sort((a, b) => (most[a] ?? 0) - (most[b] ?? 0));
  for (const [index, place] of rising.entries()) {
    const share = Math.min(most[place] ?? 0, Math.floor(left / (rising.length - index)));
    given[place] = share;
    left -= share;
  }
  return given;
}
