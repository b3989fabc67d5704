/** Another's word that something is out which the parent in use does not show; nobody has verified it. */
export interface Doubt {
  readonly parent: string;
  readonly witness: string;
  /** Of the direction repository. */
  readonly snapshot: number;
  /** Monotonic. */
  readonly sinceMs: number;
}

export interface Looked {
  readonly parent: string;
  /** The newest snapshot that the parent has shown. */
  readonly shown: number;
  readonly witness: string;
  /** The one that the witness shows. */
  readonly found: number;
  readonly nowMs: number;
}

/** What is left to doubt after a look at another. A parent that catches up, or a witness who takes it back, ends it. Pure. */
export function afterLook(before: Doubt | null, looked: Looked): Doubt | null {
  const { parent, shown, witness, found, nowMs } = looked;
  const former = stillDoubted(before, parent, shown);
  if (found <= shown) return former?.witness === witness ? null : former;
  if (former === null) return { parent, witness, snapshot: found, sinceMs: nowMs };
  return found >= former.snapshot ? { ...former, witness } : former;
}

/** The doubt, if it is of this parent and of more than it shows by now. Pure. */
export function stillDoubted(doubt: Doubt | null, parent: string | null, shown: number): Doubt | null {
  return doubt !== null && doubt.parent === parent && doubt.snapshot > shown ? doubt : null;
}

const higherEach = 6;

/** Where the rounds begin: each node elsewhere. Pure. */
export function firstRound(fraction: number): number {
  return Math.floor(fraction * higherEach);
}

/**
 * Whom to ask in this round: one of its equals, in each sixth round one of those above, who have the most to serve.
 * Null: nobody. Pure.
 */
export function whomToAsk(
  equals: readonly string[],
  above: readonly string[],
  round: number,
  fraction: number,
): string | null {
  const isHigher = round % higherEach === higherEach - 1 && above.length > 0;
  const among = isHigher ? above : equals;
  return among[Math.floor(fraction * among.length)] ?? null;
}

/** The pause before the next look: half to one and a half of `everyMs`. Pure. */
export function lookPauseMs(everyMs: number, fraction: number): number {
  return everyMs * (0.5 + fraction);
}
