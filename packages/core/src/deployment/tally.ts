import { cohortHash } from '../direction/cohort.ts';
import { Heap } from '../heap.ts';
import type { HostId } from '../ids.ts';
import { marking } from './apply.ts';
import { BakeEnds, type Baking } from './bake-ends.ts';
import { type Counts, count, isAdmitted, noCounts, passing } from './counts.ts';
import { type Course, courseOf } from './course.ts';
import type { AdvancePolicy, Decision, Deployment, HostEvidence } from './deployment.ts';
import { Queues, type Waiting } from './queue.ts';
import { nextChange, standingOf } from './standing.ts';
import { isEligible, type Overview, orderOf, type Turn, type Turns } from './turns.ts';
import { noticedOf } from './watching.ts';

/** What of a deployment and its policy a tally is made for; with anything else it is made anew. */
type TallyOf = Pick<Deployment, 'kind' | 'salt' | 'components' | 'strategy'>;
type TallyPolicy = Pick<AdvancePolicy, 'offlineAfterMs' | 'silentAfterMs'>;

/** A host as it was counted last. */
interface Entry extends Baking, Waiting {
  host: HostEvidence;
  standing: Turn['standing'];
  isOffline: boolean;
  isBaking: boolean;
  isCounted: boolean;
  /** When it is looked at again, though nothing is heard of it. */
  wakeAt: number;
}

const never = Number.POSITIVE_INFINITY;

/**
 * What `overviewOf` says, kept from look to look: a look costs what has changed, not how many hosts there are.
 *
 * What it keeps: after `at(now)` it says the same as `overviewOf` of the hosts that it was told (`set`, `remove`) at
 * that time. Each host is counted once, as its last evidence says, and looked at again at the next moment at which time
 * alone makes it another (`nextChange`). Nothing in it is durable: it can be made anew at any time from the same hosts.
 * Times are whole milliseconds.
 */
export class Tally implements Overview {
  readonly #of: TallyOf;
  readonly #policy: TallyPolicy;
  readonly #course: Course | null;
  readonly #order: (a: Turn, b: Turn) => number;
  readonly #entries = new Map<HostId, Entry>();
  readonly #counts = noCounts();
  readonly #noticed = new Set<Entry>();
  readonly #leaving = new Set<Entry>();
  readonly #skipped = new Set<Entry>();
  readonly #queues: Queues<Entry>;
  readonly #wakes = new Heap<{ readonly at: number; readonly entry: Entry }>((a, b) => a.at < b.at);
  readonly #bakes: BakeEnds<Entry>;
  /** All in the order of their turn; null: somebody came or left since. */
  #sorted: readonly Turn[] | null = null;
  #now: number;

  constructor(deployment: TallyOf, policy: TallyPolicy, now: number) {
    this.#of = deployment;
    this.#policy = policy;
    this.#course = courseOf(deployment.strategy);
    this.#order = orderOf(deployment);
    this.#queues = new Queues<Entry>(this.#order);
    this.#bakes = new BakeEnds<Entry>(this.#course ?? { bakeSeconds: 0 });
    this.#now = now;
  }

  get counts(): Counts {
    return this.#counts;
  }

  get(id: HostId): HostEvidence | undefined {
    return this.#entries.get(id)?.host;
  }

  /** What is known of a host now. */
  set(host: HostEvidence): void {
    let entry = this.#entries.get(host.id);
    if (entry === undefined) {
      entry = this.#entryOf(host);
      this.#entries.set(host.id, entry);
    } else this.#leave(entry);
    entry.host = host;
    this.#enter(entry);
  }

  /** It is known no more. */
  remove(id: HostId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#leave(entry);
    this.#queues.leave(entry);
    this.#bakes.set(entry, false);
    entry.wakeAt = never;
    this.#entries.delete(id);
    this.#sorted = null;
  }

  /** Lets time go on; a clock that went back makes all be looked at again. */
  at(now: number): this {
    const isBack = now < this.#now;
    this.#now = now;
    if (isBack) for (const entry of this.#entries.values()) this.#again(entry);
    for (let wake = this.#wakes.first; wake !== undefined && wake.at <= now; wake = this.#wakes.first) {
      this.#wakes.take();
      if (wake.entry.wakeAt !== wake.at) continue;
      wake.entry.wakeAt = never;
      this.#again(wake.entry);
    }
    return this;
  }

  hosts(): readonly HostEvidence[] {
    return Array.from(this.#entries.values(), ({ host }) => host);
  }

  all(): readonly Turn[] {
    this.#sorted ??= [...this.#entries.values()].filter(({ isCounted }) => isCounted).sort(this.#order);
    return this.#sorted;
  }

  noticed(): readonly Turn[] {
    return [...this.#noticed].sort(this.#order);
  }

  gone(): readonly HostEvidence[] {
    return Array.from(this.#leaving, ({ host }) => host);
  }

  skipped(): readonly HostEvidence[] {
    return Array.from(this.#skipped, ({ host }) => host);
  }

  named(hosts: ReadonlySet<HostId>): readonly Turn[] {
    return [...hosts]
      .flatMap((id) => this.#entries.get(id) ?? [])
      .filter(({ isCounted }) => isCounted)
      .sort(this.#order);
  }

  waiting(isPast: (stratum: string | null) => boolean): Iterable<Turn> {
    return this.#queues.walk(isPast);
  }

  nextBakeEnd(since: number): number | null {
    return this.#bakes.next(since, this.#now, this.#entries.values());
  }

  supposing<Said>(marks: readonly Decision[], then: (turns: Turns) => Said): Said {
    const after = marking(marks, this.#now);
    const named = new Set(marks.flatMap((mark) => ('hosts' in mark ? mark.hosts : [])));
    const before = [...named].map((id) => this.get(id)).filter((host) => host !== undefined);
    for (const host of before) this.set(after(host));
    try {
      return then(this);
    } finally {
      for (const host of before) this.set(host);
    }
  }

  #entryOf(host: HostEvidence): Entry {
    const hash = cohortHash(this.#of.salt, host.id);
    const nothing = { isOffline: false, isBaking: false, isCounted: false, queue: null, endsAt: null };
    return { host, hash, standing: 'waiting', ...nothing, wakeAt: never };
  }

  #again(entry: Entry): void {
    this.#leave(entry);
    this.#enter(entry);
  }

  #leave(entry: Entry): void {
    if (entry.isCounted) count(this.#counts, entry, -1);
    this.#noticed.delete(entry);
    this.#leaving.delete(entry);
    this.#skipped.delete(entry);
  }

  #enter(entry: Entry): void {
    const { host } = entry;
    const wasCounted = entry.isCounted;
    entry.isCounted = isEligible(host);
    if (entry.isCounted !== wasCounted) this.#sorted = null;
    if (host.skipped === true) this.#skipped.add(entry);
    if (!entry.isCounted) {
      this.#queues.leave(entry);
      this.#bakes.set(entry, false);
      if ((host.watched ?? null) !== null) this.#leaving.add(entry);
      return;
    }
    const now = this.#now;
    entry.standing = standingOf(this.#of, host, now, this.#policy);
    Object.assign(entry, passing(this.#course, entry, now, this.#policy));
    count(this.#counts, entry, 1);
    if (this.#course !== null && noticedOf(this.#course, entry, now, this.#policy) !== null)
      this.#noticed.add(entry);
    const admitted = isAdmitted(host);
    if (admitted) this.#queues.leave(entry);
    else this.#queues.join(entry);
    this.#bakes.set(entry, admitted && entry.standing === 'done');
    const wakeAt = nextChange(this.#course, host, entry.standing, now, this.#policy);
    if (wakeAt >= entry.wakeAt) return;
    entry.wakeAt = wakeAt;
    this.#wakes.add({ at: wakeAt, entry });
  }
}
