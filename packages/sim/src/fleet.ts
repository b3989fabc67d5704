import { type HostId, sha256 } from '@xylem/core';
import { Agenda } from './agenda.ts';
import { exponential, seeded } from './random.ts';
import type { Scenario } from './scenario.ts';

/** What a host said, when it arrived. */
export interface Said {
  readonly id: HostId;
  readonly at: number;
  readonly runs: 'old' | 'new';
  readonly healthy: boolean;
}

/** What the root server learnt between two looks. */
export interface News {
  readonly said: readonly Said[];
  readonly gone: readonly HostId[];
}

interface Truth {
  readonly id: HostId;
  runs: 'old' | 'new';
  healthy: boolean;
  /** Off, or broken so that it says nothing. */
  mute: boolean;
  off: boolean;
  admitted: boolean;
  gone: boolean;
  /** Sent; what arrives later than a newer one is dropped. */
  sequence: number;
  arrived: number;
}

type Event =
  | { readonly kind: 'regular' | 'update' | 'harm' | 'fault' | 'return' | 'removal'; readonly host: Truth }
  | {
      readonly kind: 'arrival';
      readonly host: Truth;
      readonly sequence: number;
      readonly said: Omit<Said, 'at'>;
    };

/** Hosts as they really are. What the root server knows of them is only what arrives. */
export class Fleet {
  readonly #scenario: Scenario;
  readonly #random: () => number;
  readonly #agenda = new Agenda<Event>();
  readonly #hosts = new Map<HostId, Truth>();
  #said: Said[] = [];
  #gone: HostId[] = [];
  /** Hosts that the new version broke. */
  harmed = 0;

  /** @param began milliseconds since 1970 */
  constructor(scenario: Scenario, began: number) {
    this.#scenario = scenario;
    this.#random = seeded(scenario.seed);
    const random = this.#random;
    const { hosts, seed, offline, leaves, untilMs, reportMs, failsEveryMs } = scenario;
    for (let number = 0; number < hosts; number += 1) {
      const id = sha256(`${seed}/${number}`).slice(0, 32) as HostId;
      const off = random() < offline;
      const host: Truth = {
        id,
        runs: 'old',
        healthy: true,
        mute: false,
        off,
        admitted: false,
        gone: false,
        sequence: 0,
        arrived: 0,
      };
      this.#hosts.set(id, host);
      this.#agenda.add(began + random() * reportMs, { kind: 'regular', host });
      if (off) this.#agenda.add(began + random() * untilMs, { kind: 'return', host });
      if (random() < leaves) this.#agenda.add(began + random() * 24 * 3_600_000, { kind: 'removal', host });
      this.#agenda.add(began + exponential(random, failsEveryMs ?? Number.POSITIVE_INFINITY), {
        kind: 'fault',
        host,
      });
    }
  }

  get ids(): readonly HostId[] {
    return [...this.#hosts.keys()];
  }

  /** Lets time go on, and says what has arrived meanwhile. */
  until(moment: number): News {
    for (let next = this.#agenda.next(moment); next !== null; next = this.#agenda.next(moment))
      this.#happens(next.event, next.at);
    const news = { said: this.#said, gone: this.#gone };
    this.#said = [];
    this.#gone = [];
    return news;
  }

  /** Direction reaches who is there at once, and the others when they come back. */
  admit(id: HostId, at: number): void {
    const host = this.#hosts.get(id);
    if (host === undefined || host.admitted) return;
    host.admitted = true;
    if (!host.off) this.#begins(host, at);
  }

  #begins(host: Truth, at: number): void {
    this.#agenda.add(at + exponential(this.#random, this.#scenario.updateMs), { kind: 'update', host });
  }

  #happens(event: Event, at: number): void {
    const { host } = event;
    const { reportMs, breaks, breaksWithinMs } = this.#scenario;
    if (host.gone) return;
    switch (event.kind) {
      case 'regular':
        this.#reports(host, at);
        this.#agenda.add(at + reportMs, event);
        break;
      case 'arrival':
        if (event.sequence < host.arrived) break;
        host.arrived = event.sequence;
        this.#said.push({ ...event.said, at });
        break;
      case 'update':
        // What is broken does not come to its update; what is off does it once it is back.
        if (host.mute || host.off) break;
        host.runs = 'new';
        if (this.#random() < breaks)
          this.#agenda.add(at + this.#random() * breaksWithinMs, { kind: 'harm', host });
        this.#reports(host, at);
        break;
      case 'harm':
        if (host.healthy && !host.mute) this.harmed += 1;
        this.#breaks(host, at);
        break;
      case 'fault':
        this.#breaks(host, at);
        break;
      case 'return':
        host.off = false;
        this.#reports(host, at);
        if (host.admitted) this.#begins(host, at);
        break;
      case 'removal':
        host.gone = true;
        this.#gone.push(host.id);
        break;
    }
  }

  #breaks(host: Truth, at: number): void {
    host.healthy = false;
    if (this.#random() < this.#scenario.silent) host.mute = true;
    this.#reports(host, at);
  }

  #reports(host: Truth, at: number): void {
    if (host.off || host.mute) return;
    host.sequence += 1;
    const { id, runs, healthy, sequence } = host;
    const arrives = at + exponential(this.#random, this.#scenario.latencyMs);
    this.#agenda.add(arrives, { kind: 'arrival', host, sequence, said: { id, runs, healthy } });
  }
}
