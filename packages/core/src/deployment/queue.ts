import { Heap } from '../heap.ts';
import type { Turn } from './turns.ts';

/** A host that may wait. */
export interface Waiting extends Turn {
  /** Where it does. */
  queue: object | null;
}

type Order<Member> = (a: Member, b: Member) => number;

/** Hosts that wait for their turn, by their value of the strategy's label. */
export class Queues<Member extends Waiting> {
  readonly #order: Order<Member>;
  readonly #queues = new Map<string | null, Queue<Member>>();

  constructor(order: Order<Member>) {
    this.#order = order;
  }

  join(member: Member): void {
    const stratum = member.host.stratum ?? null;
    let queue = this.#queues.get(stratum);
    if (queue === undefined) {
      queue = new Queue(this.#order);
      this.#queues.set(stratum, queue);
    }
    if (member.queue === queue) return;
    member.queue = queue;
    queue.join(member);
  }

  leave(member: Member): void {
    member.queue = null;
  }

  /** All of them in the order of their turn, without those of values that `isPast`. Nobody joins or leaves meanwhile. */
  *walk(isPast: (stratum: string | null) => boolean): Iterable<Member> {
    const next = new Heap<Walk<Member>>((a, b) => this.#order(a.first as Member, b.first as Member) < 0);
    const walks = Array.from(this.#queues.values(), (queue) => queue.walk());
    for (const walk of walks) if (walk.first !== undefined) next.add(walk);
    try {
      for (let walk = next.take(); walk !== undefined; walk = next.take()) {
        const { first } = walk;
        if (first === undefined || isPast(first.host.stratum ?? null)) continue;
        yield first;
        walk.pass();
        if (walk.first !== undefined) next.add(walk);
      }
    } finally {
      for (const walk of walks) walk.end();
    }
  }
}

interface Walk<Member> {
  readonly first: Member | undefined;
  pass(): void;
  end(): void;
}

/**
 * Those of one value. Who has left is passed over, and forgotten once a walk has come by: what a walk costs is how far it
 * goes.
 */
class Queue<Member extends Waiting> {
  readonly #order: Order<Member>;
  #members: Member[] = [];
  /** Before it nobody waits. */
  #from = 0;
  #joined: Member[] = [];

  constructor(order: Order<Member>) {
    this.#order = order;
  }

  join(member: Member): void {
    this.#joined.push(member);
  }

  walk(): Walk<Member> {
    this.#merge();
    const members = this.#members;
    const kept: Member[] = [];
    let at = this.#from;
    const seek = (): void => {
      while (at < members.length && members[at]?.queue !== this) at += 1;
    };
    seek();
    return {
      get first() {
        return members[at];
      },
      pass() {
        kept.push(members[at] as Member);
        at += 1;
        seek();
      },
      end: () => {
        this.#from = at - kept.length;
        for (const [index, member] of kept.entries()) members[this.#from + index] = member;
      },
    };
  }

  #merge(): void {
    const joined = this.#joined;
    if (joined.length === 0) return;
    const members = this.#members;
    const merged: Member[] = [];
    let at = this.#from;
    for (const member of joined.sort(this.#order)) {
      for (const to = this.#placeOf(member, at); at < to; at += 1) merged.push(members[at] as Member);
      // Back again before a walk had come by.
      if (members[at] !== member && merged.at(-1) !== member) merged.push(member);
    }
    for (; at < members.length; at += 1) merged.push(members[at] as Member);
    this.#members = merged;
    this.#from = 0;
    this.#joined = [];
  }

  /** The first place, from one on, that does not come before a member. */
  #placeOf(member: Member, from: number): number {
    let [low, high] = [from, this.#members.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(this.#members[middle] as Member, member) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
