import { Agenda } from './agenda.ts';
import { codeOf, type News } from './news.ts';
import { exponential, seeded } from './random.ts';
import type { Scenario } from './scenario.ts';
import { drawn } from './spans.ts';

type Version = 'old' | 'new';

interface Truth {
  readonly number: number;
  runs: Version;
  given: Version;
  /** What it was told last and has not done yet; null: nothing. */
  told: Version | null;
  healthy: boolean;
  /** Broken by the new version, and well without it. */
  harmed: boolean;
  /** Off, or broken so that it says nothing. */
  mute: boolean;
  off: boolean;
  gone: boolean;
  /** Sent; what arrives later than a newer one is dropped. */
  sequence: number;
  arrived: number;
}

type Event =
  | {
      readonly kind: 'regular' | 'harm' | 'fault' | 'return' | 'removal' | 'relabelling';
      readonly host: Truth;
    }
  | { readonly kind: 'update'; readonly host: Truth; readonly to: Version }
  | { readonly kind: 'arrival'; readonly host: Truth; readonly sequence: number; readonly code: number }
  | { readonly kind: 'joining' };

const day = 24 * 3_600_000;

/** Hosts as they really are. What the root server knows of them is only what arrives. */
export class Fleet {
  readonly #scenario: Scenario;
  readonly #random: () => number;
  readonly #agenda = new Agenda<Event>();
  readonly #hosts: Truth[] = [];
  #news: { said: number[]; saidAt: number[]; labelled: number[]; gone: number[] } = nothing();
  /** Hosts that the new version broke. */
  harmed = 0;

  /** @param began milliseconds since 1970 */
  constructor(scenario: Scenario, began: number) {
    this.#scenario = scenario;
    this.#random = seeded(scenario.seed);
    const random = this.#random;
    const { hosts, offline, leaves, joins, relabels, churnMs, untilMs, reportMs } = scenario;
    for (let number = 0; number < hosts; number += 1) {
      const off = random() < offline;
      // It has been there for long, and reported before; what is off did so a day ago.
      const sinceReport = random() * reportMs;
      const host = this.#joins(began + reportMs - sinceReport, off);
      this.#hears(host, off ? began - day : began - sinceReport);
      if (off) this.#agenda.add(began + random() * untilMs, { kind: 'return', host });
      if (random() < leaves) this.#agenda.add(began + random() * churnMs, { kind: 'removal', host });
      if (random() < relabels) this.#agenda.add(began + random() * churnMs, { kind: 'relabelling', host });
    }
    for (let number = 0; number < joins * hosts; number += 1)
      this.#agenda.add(began + random() * churnMs, { kind: 'joining' });
  }

  /** How many still run the new version, and are there to say so. */
  get onNew(): number {
    return this.#hosts.filter(({ runs, gone, mute, off }) => runs === 'new' && !gone && !mute && !off).length;
  }

  /** Lets time go on, and says what has arrived meanwhile. */
  until(moment: number): News {
    for (let next = this.#agenda.next(moment); next !== null; next = this.#agenda.next(moment))
      this.#happens(next.event, next.at);
    const { said, saidAt, labelled, gone } = this.#news;
    this.#news = nothing();
    for (const [index, at] of saidAt.entries()) said[3 * index + 1] = Math.round(moment - at);
    return { said, labelled, gone };
  }

  /** Direction reaches who is there, and the others when they come back. Told again, it says nothing new. */
  tell(number: number, to: Version, at: number): void {
    const host = this.#hosts[number];
    if (host === undefined || host.given === to) return;
    host.given = to;
    if (host.off) host.told = to;
    else this.#begins(host, to, at);
  }

  #joins(firstReport: number, off: boolean): Truth {
    const { failsEveryMs, sites } = this.#scenario;
    const host: Truth = {
      number: this.#hosts.length,
      runs: 'old',
      given: 'old',
      told: null,
      healthy: true,
      harmed: false,
      mute: false,
      off,
      gone: false,
      sequence: 0,
      arrived: 0,
    };
    this.#hosts.push(host);
    this.#agenda.add(firstReport, { kind: 'regular', host });
    if (failsEveryMs !== null)
      this.#agenda.add(firstReport + exponential(this.#random, failsEveryMs), { kind: 'fault', host });
    if (sites > 0) this.#news.labelled.push(host.number, this.#site());
    else this.#news.labelled.push(host.number, -1);
    return host;
  }

  #site(): number {
    return this.#random() < 1 / 20 ? -1 : Math.floor(this.#random() * this.#scenario.sites);
  }

  #begins(host: Truth, to: Version, at: number): void {
    const { latency, update } = this.#scenario;
    const takes = drawn(this.#random, latency) + drawn(this.#random, update);
    this.#agenda.add(at + takes, { kind: 'update', host, to });
  }

  #happens(event: Event, at: number): void {
    if (event.kind === 'joining') {
      this.#joins(at, false);
      return;
    }
    const { host } = event;
    const { reportMs, sites } = this.#scenario;
    if (host.gone) return;
    switch (event.kind) {
      case 'regular':
        this.#reports(host, at);
        this.#agenda.add(at + reportMs, event);
        break;
      case 'arrival':
        if (event.sequence < host.arrived) break;
        host.arrived = event.sequence;
        this.#news.said.push(host.number, 0, event.code);
        this.#news.saidAt.push(at);
        break;
      case 'update':
        this.#updates(host, event.to, at);
        break;
      case 'harm':
        if (host.runs === 'old') break;
        if (host.healthy && !host.mute) {
          this.harmed += 1;
          host.harmed = true;
        }
        this.#breaks(host, at);
        break;
      case 'fault':
        host.harmed = false;
        this.#breaks(host, at);
        break;
      case 'return':
        host.off = false;
        this.#reports(host, at);
        if (host.told !== null) this.#begins(host, host.told, at);
        host.told = null;
        break;
      case 'relabelling':
        this.#news.labelled.push(host.number, sites > 0 ? this.#site() : -1);
        break;
      case 'removal':
        host.gone = true;
        this.#news.gone.push(host.number);
        break;
    }
  }

  /** What is broken so that it is mute does not come to its update; what was told otherwise meanwhile does that. */
  #updates(host: Truth, to: Version, at: number): void {
    if (host.mute || host.off || host.given !== to || host.runs === to) return;
    const { breaks, breaksWithinMs } = this.#scenario;
    host.runs = to;
    if (to === 'old' && host.harmed) {
      host.healthy = true;
      host.harmed = false;
    }
    if (to === 'new' && this.#random() < breaks)
      this.#agenda.add(at + this.#random() * breaksWithinMs, { kind: 'harm', host });
    this.#reports(host, at);
  }

  #breaks(host: Truth, at: number): void {
    host.healthy = false;
    if (this.#random() < this.#scenario.silent) host.mute = true;
    this.#reports(host, at);
  }

  #reports(host: Truth, at: number): void {
    if (host.off || host.mute) return;
    host.sequence += 1;
    const arrives = at + drawn(this.#random, this.#scenario.latency);
    this.#agenda.add(arrives, { kind: 'arrival', host, sequence: host.sequence, code: codeOf(host) });
  }

  #hears(host: Truth, at: number): void {
    this.#news.said.push(host.number, 0, codeOf(host));
    this.#news.saidAt.push(at);
  }
}

const nothing = () => ({
  said: [] as number[],
  saidAt: [] as number[],
  labelled: [] as number[],
  gone: [] as number[],
});
