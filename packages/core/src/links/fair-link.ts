import { shareOut } from './share-out.ts';

/** A transfer that could go on if it were given bytes. */
export interface LinkClaim {
  /** Whose part of the link it uses. */
  readonly child: string;
  readonly isBackground: boolean;
  readonly bytes: number;
}

export interface Grant<C extends LinkClaim> {
  readonly claim: C;
  readonly bytes: number;
}

/** Bytes per second; null: as much as comes. */
export interface FairRates {
  readonly total: number | null;
  readonly each: number | null;
}

/** The durations and sizes of docs/spec/bandwidth.md, Limits. */
const roundMs = 50;
const leastBytes = 512;
const everyoneWithinMs = 10_000;
const backgroundFirstEvery = 16;
/** What was not used may be caught up with for so long; what went uncounted is paid back for so long. */
const savedMs = 250;
const owedMs = 1_000;

/** Bytes that have become free since a moment. */
interface Bucket {
  bytes: number;
  atMs: number;
}

/**
 * Who may go on with how much, in rounds (docs/spec/bandwidth.md, Limits). No clock of its own: the same calls with the
 * same times give the same grants. Times are monotonic milliseconds.
 */
export class FairLink<C extends LinkClaim> {
  /** In the order in which they came; a child that was given something goes to the end with what else it claims. */
  readonly #claims = new Map<string, C[]>();
  readonly #all: Bucket = { bytes: 0, atMs: 0 };
  readonly #own = new Map<string, Bucket>();
  #roundAtMs = Number.NEGATIVE_INFINITY;
  #rounds = 0;

  /** It waits until a round gives it something, or `withdraw`. */
  claim(claim: C): void {
    const key = keyOf(claim);
    this.#claims.set(key, [...(this.#claims.get(key) ?? []), claim]);
  }

  withdraw(claim: C): void {
    const key = keyOf(claim);
    const others = (this.#claims.get(key) ?? []).filter((other) => other !== claim);
    if (others.length === 0) this.#claims.delete(key);
    else this.#claims.set(key, others);
  }

  /** What went without asking: others get so much less. Less than 0: it was given, and others may have it. */
  spend(bytes: number, nowMs: number, { total }: FairRates): void {
    if (total === null) return;
    refill(this.#all, nowMs, total);
    this.#all.bytes = Math.max(this.#all.bytes - bytes, (-total * owedMs) / 1_000);
  }

  /**
   * @returns who goes on with how much, each claim given something being answered and gone; and when to ask again,
   *   null: nobody waits
   */
  round(
    nowMs: number,
    rates: FairRates,
  ): { readonly grants: readonly Grant<C>[]; readonly againMs: number | null } {
    if (this.#claims.size === 0) return { grants: [], againMs: null };
    if (nowMs < this.#roundAtMs + roundMs) return { grants: [], againMs: this.#roundAtMs + roundMs };
    this.#roundAtMs = nowMs;
    this.#rounds += 1;
    const grants = this.#share(nowMs, rates);
    this.#forgetFull(nowMs, rates);
    return { grants, againMs: this.#claims.size === 0 ? null : nowMs + roundMs };
  }

  #share(nowMs: number, { total, each }: FairRates): Grant<C>[] {
    if (total !== null) refill(this.#all, nowMs, total);
    const isBackgroundFirst = this.#rounds % backgroundFirstEvery === 0;
    const least = leastOf(total, this.#claims.size);
    const grants: Grant<C>[] = [];
    let left = total === null ? Number.MAX_SAFE_INTEGER : this.#all.bytes;
    for (const isBackground of [isBackgroundFirst, !isBackgroundFirst]) {
      // Who was given all of a claim may have another one.
      for (let given = 1; given > 0 && left >= 1; ) {
        given = 0;
        for (const grant of this.#shareOnce(left, isBackground, least, nowMs, each)) {
          grants.push(grant);
          given += grant.bytes;
        }
        left -= given;
      }
    }
    if (total !== null) this.#all.bytes = left;
    return grants;
  }

  /** Among the first claims of all children. */
  #shareOnce(
    bytes: number,
    isBackground: boolean,
    least: number,
    nowMs: number,
    each: number | null,
  ): Grant<C>[] {
    const first = [...this.#claims.values()].flatMap(([claim]) =>
      claim !== undefined && claim.isBackground === isBackground ? [claim] : [],
    );
    const wants = first.map(({ child, bytes }) => ({ bytes, atMost: this.#mayHave(child, nowMs, each) }));
    const shares = shareOut(bytes, wants, least);
    const grants = first
      .map((claim, place) => ({ claim, bytes: shares[place] ?? 0 }))
      .filter((grant) => grant.bytes > 0);
    for (const grant of grants) {
      const own = this.#own.get(grant.claim.child);
      if (own !== undefined) own.bytes -= grant.bytes;
      this.#answered(grant.claim);
    }
    return grants;
  }

  #mayHave(child: string, nowMs: number, each: number | null): number {
    if (each === null) return Number.MAX_SAFE_INTEGER;
    const own = this.#own.get(child) ?? { bytes: 0, atMs: nowMs - roundMs };
    this.#own.set(child, own);
    refill(own, nowMs, each);
    return own.bytes;
  }

  #answered(claim: C): void {
    const key = keyOf(claim);
    const others = (this.#claims.get(key) ?? []).filter((other) => other !== claim);
    this.#claims.delete(key);
    if (others.length > 0) this.#claims.set(key, others);
  }

  /** Of who has nothing to pay back and asks for nothing, nothing need be known. */
  #forgetFull(nowMs: number, { each }: FairRates): void {
    if (each === null) this.#own.clear();
    else for (const [child, own] of this.#own) if (nowMs - own.atMs > owedMs) this.#own.delete(child);
  }
}

const keyOf = ({ child, isBackground }: LinkClaim): string => `${isBackground ? 'b' : 'f'} ${child}`;

/** So that everyone has a turn in time, however many there are. */
function leastOf(total: number | null, children: number): number {
  if (total === null) return leastBytes;
  return Math.max(1, Math.min(leastBytes, Math.floor((total * everyoneWithinMs) / 1_000 / children)));
}

function refill(bucket: Bucket, nowMs: number, rate: number): void {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  const most = Math.max(leastBytes, (rate * savedMs) / 1_000);
  bucket.bytes = Math.min(most, bucket.bytes + (rate * passedMs) / 1_000);
  bucket.atMs = nowMs;
}
