import {
  type FailureEvent,
  type FailureState,
  lookAtRing,
  noFailures,
  type RingDeployment,
  type RingMember,
  type RingRules,
  type RingState,
  ringBegun,
  updateFailures,
  waivedRing,
} from '@xylem/core';
import { normal } from '@xylem/sim';
import type { Rates } from './fleet.ts';

/** Tenants that are brought a release as one ring: so many at once. */
export interface Ring {
  readonly tenants: number;
  readonly hostsEach: number;
  readonly atOnce: number;
  /** How many hosts of a tenant are updated at once. */
  readonly hostsAtOnce: number;
  readonly alpha: number;
}

export interface RingRun {
  readonly stopped: boolean;
  readonly exposed: number;
  readonly questions: number;
  readonly looks: number;
}

const test = { kind: 'controls' } as const;
const bakeMs = 3_600_000;
const silentAfterMs = 900_000;
/** In which hosts are updated, bakes, and would have been missed. */
const roundMs = bakeMs + silentAfterMs;
const looksPerRound = 4;

/**
 * One ring from its first tenant to its verdict, judged by what the product decides. Tenants' rates differ about
 * threefold; a host fails within a round with its arm's rate, half of them silently; an exposed failure ends the
 * deployment of its tenant.
 */
export function runRing(random: () => number, ring: Ring, rates: Rates): RingRun {
  const { tenants: count, alpha, atOnce } = ring;
  const rules: RingRules = { bakeSeconds: bakeMs / 1000, minimumExposure: null, alpha, onNoData: 'ask' };
  const tenants = Array.from({ length: count }, (_, index) => new Tenant(random, index, ring, rates));
  const watched = new Map<string, RingMember['watched']>();
  let state: RingState = ringBegun;
  let questions = 0;
  let looks = 0;
  const look = (now: number) => {
    looks += 1;
    const members = tenants.map((one) => one.member(watched.get(one.name) ?? null));
    const seen = lookAtRing(rules, state, members, now, silentAfterMs);
    for (const mark of seen.marks) watched.set(mark.environment, mark.watched);
    state = seen.state;
    return seen.outcome;
  };
  const exposed = (): number => tenants.reduce((sum, one) => sum + one.exposed, 0);
  let now = 1;
  look(now);
  // Turns are drawn by a hash; these tenants are alike but for what is drawn.
  for (; tenants.some((one) => !one.isOver); now += roundMs) {
    const under = tenants.filter((one) => one.isUnderWay).length;
    for (const one of tenants.filter((each) => !each.hasBegun).slice(0, atOnce - under)) one.begin(now);
    for (const one of tenants) one.draw(now);
    for (let part = 1; part <= looksPerRound; part += 1) {
      const at = now + (roundMs * part) / looksPerRound;
      for (const one of tenants) one.pass(at);
      if (look(at) === 'fail') return { stopped: true, exposed: exposed(), questions, looks };
    }
  }
  for (;;) {
    now += roundMs;
    const outcome = look(now);
    if (outcome === 'pass' || outcome === 'fail')
      return { stopped: outcome === 'fail', exposed: exposed(), questions, looks };
    if (outcome !== 'ask') continue;
    questions += 1;
    state = waivedRing(state);
  }
}

type Fate = { readonly at: number; readonly kind: 'failed' | 'silent' } | null;

class Tenant {
  readonly name: string;
  exposed = 0;
  readonly #random: () => number;
  readonly #rates: Rates;
  readonly #level: number;
  readonly #hosts: string[];
  /** Hosts that are not well, whatever they run. */
  readonly #bad = new Set<string>();
  readonly #fates = new Map<string, NonNullable<Fate>>();
  #failures: FailureState = noFailures(test);
  readonly #atOnce: number;
  #current: ReadonlySet<string> = new Set();
  #began: number | null = null;
  #ended: number | null = null;
  #state: RingDeployment['state'] = 'running';
  #unwellAt: number | null = null;
  #moved = 0;
  #roundEnds = 0;

  constructor(random: () => number, index: number, { hostsEach, hostsAtOnce }: Ring, rates: Rates) {
    this.#atOnce = hostsAtOnce;
    this.name = String(index).padStart(6, '0');
    this.#random = random;
    this.#rates = rates;
    this.#level = Math.exp(normal(random) / 2 - 1 / 8);
    this.#hosts = Array.from({ length: hostsEach }, (_, number) => `${this.name}/${number}`);
  }

  get hasBegun(): boolean {
    return this.#began !== null;
  }
  get isOver(): boolean {
    return this.#ended !== null;
  }
  get isUnderWay(): boolean {
    return this.hasBegun && !this.isOver;
  }

  begin(now: number): void {
    this.#began = now;
    this.#say(now, this.#well(), 'control', 'enter');
  }

  /** What happens to its hosts within the round that begins now. */
  draw(now: number): void {
    this.#roundEnds = now + roundMs;
    this.#fates.clear();
    if (this.isOver) return;
    if (this.isUnderWay) this.#admit(now);
    // A host that has come through has said what it could.
    const past = new Set(this.#hosts.slice(0, this.exposed));
    for (const host of this.#well().filter((one) => this.#current.has(one) || !past.has(one))) {
      const rate = this.#rates[this.#current.has(host) ? 'exposed' : 'control'] * this.#level;
      if (this.#random() >= rate) continue;
      const isSilent = this.#random() < 0.5;
      const at = isSilent ? this.#roundEnds : now + 1 + Math.floor(this.#random() * bakeMs);
      this.#fates.set(host, { at, kind: isSilent ? 'silent' : 'failed' });
    }
  }

  /** What has happened by now. */
  pass(now: number): void {
    for (const [host, { at, kind }] of [...this.#fates].sort(([, a], [, b]) => a.at - b.at)) {
      if (at > now || this.isOver) continue;
      this.#fates.delete(host);
      this.#bad.add(host);
      if (!this.hasBegun) this.#unwellAt ??= at;
      else this.#say(at, [host], this.#current.has(host) ? 'exposed' : 'control', kind);
      if (this.#current.has(host)) this.#end(at, 'failed');
    }
    if (!this.isUnderWay || now < this.#roundEnds) return;
    this.#say(
      now,
      [...this.#current].filter((host) => !this.#bad.has(host)),
      'exposed',
      'ok',
    );
    this.#moved = now;
    if (this.exposed === this.#hosts.length) this.#end(now, 'succeeded');
  }

  member(watched: RingMember['watched']): RingMember {
    const began = this.#began;
    return {
      environment: this.name,
      watched,
      isWatchable: true,
      unwellAt: this.#unwellAt,
      deployment:
        began === null
          ? null
          : {
              state: this.#state,
              began,
              ended: this.#ended,
              failures: this.#failures,
              updating: this.#ended === null ? 1 : 0,
              done: this.exposed - (this.#state === 'failed' ? 1 : 0),
              failed: this.#state === 'failed' ? 1 : 0,
              moved: this.#moved,
            },
    };
  }

  #admit(now: number): void {
    const hosts = this.#hosts.slice(this.exposed, this.exposed + this.#atOnce);
    this.exposed += hosts.length;
    // One that was broken before says nothing about the release.
    const well = hosts.filter((host) => !this.#bad.has(host));
    this.#current = new Set(well);
    this.#say(now, well, 'control', 'leave');
    this.#say(now, well, 'exposed', 'enter');
  }

  #end(now: number, state: 'failed' | 'succeeded'): void {
    this.#ended = now;
    this.#state = state;
    this.#moved = now;
  }

  #well(): string[] {
    return this.#hosts.filter((host) => !this.#bad.has(host));
  }

  #say(at: number, hosts: readonly string[], arm: FailureEvent['arm'], kind: FailureEvent['kind']): void {
    const events = hosts.map((host): FailureEvent => ({ at, host, stratum: '', arm, kind }));
    this.#failures = updateFailures(test, this.#failures, events);
  }
}
