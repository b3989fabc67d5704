import { type Advance, type Deployment, type HostEvidence, promisesUndo, type Verdict } from '@xylem/core';
import { Fleet } from './fleet.ts';
import type { News } from './news.ts';
import { exponential, seeded } from './random.ts';
import { headLine, lookLine } from './record.ts';
import type { Scenario } from './scenario.ts';
import { Server } from './server.ts';

export interface Result {
  readonly state: string;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Hosts that were admitted, reported or not. */
  readonly exposed: number;
  /** Hosts that the new version broke. */
  readonly harmed: number;
  readonly looks: number;
  /** Until it ended. */
  readonly tookMs: number;
  readonly crashes: number;
  /** What went back by itself: in what time, and how many that could say so still ran the new version then. Null: nothing. */
  readonly back: { readonly state: string; readonly tookMs: number; readonly left: number } | null;
}

/** When the root server crashed: before what it decided was written down, or after it and before hosts were told. */
export type Crash = 'lost' | 'untold';

/** One look, for who watches over it. */
export interface Moment {
  readonly now: number;
  readonly deployment: Deployment;
  readonly hosts: readonly HostEvidence[];
  readonly said: Advance;
  readonly crash: Crash | null;
  readonly after: { readonly deployment: Deployment; readonly hosts: readonly HostEvidence[] };
}

export interface Ports {
  /** Is given each line of the record, without its line break. */
  readonly record?: (line: string) => void;
  readonly watch?: (moment: Moment) => void;
  /** Runs what the root server does in one look; a bench measures there. */
  readonly around?: <Done>(look: () => Done) => Done;
}

const began = Date.parse('2026-01-01T00:00:00Z');
/** What goes back is waited for no longer: hosts that are gone or mute never do. */
const backWithinMs = 2 * 3_600_000;

/**
 * Plays a deployment: the hosts are simulated, the decisions are those of the root server. Ends when it has ended and has
 * gone back where it promised that, when it waits for a person, or takes too long.
 */
export function simulate(
  scenario: Scenario,
  { record, watch, around = (look) => look() }: Ports = {},
): Result {
  const fleet = new Fleet(scenario, began);
  const crashes = new Crashes(scenario);
  let server = Server.begun(scenario);
  record?.(headLine(scenario));
  let [now, looks, exposed, downMs] = [began + scenario.lookMs, 0, 0, 0];
  let main: Pick<Result, 'state' | 'verdict' | 'reason' | 'exposed' | 'tookMs'> | null = null;
  let backSince: number | null = null;
  for (;;) {
    // What came while it was down was kept, and arrives now.
    const news = downMs > 0 ? atOnce(fleet.until(now)) : fleet.until(now);
    const begins = backSince === null && promisesUndo(server.deployment);
    if (begins) {
      server.beginRollback();
      backSince = now;
    }
    const said = around(() => {
      server.take(news, now);
      return server.look(now);
    });
    const crash = crashes.at(now);
    const before = watch && { deployment: server.deployment, hosts: server.hosts };
    if (crash !== 'lost') around(() => server.commit(said, now));
    looks += 1;
    record?.(lookLine({ at: now, ...news, begins, lost: crash === 'lost', ...said }));
    if (crash !== null) server = Server.restored(scenario, server.durable);
    const { deployment } = server;
    if (before) watch?.({ ...before, now, said, crash, after: { deployment, hosts: server.hosts } });
    downMs = crash === null ? 0 : crashes.downMs();
    now += downMs;
    if (crash === 'lost') continue;
    const admitted = said.decisions.flatMap((one) => (one.kind === 'admit' ? one.hosts : []));
    if (backSince === null) exposed += admitted.length;
    // After a crash it tells everyone again: who knows it already hears nothing new.
    const told = crash !== null ? server.told : admitted.map((id) => server.numberOf(id));
    for (const number of told) fleet.tell(number, backSince === null ? 'new' : 'old', now);
    const isLate = now - (backSince ?? began) >= (backSince === null ? scenario.untilMs : backWithinMs);
    if (deployment.state !== 'running' || isLate) {
      const { state } = deployment;
      const reason = deployment.reason ?? said.reason;
      main ??= { state, verdict: said.verdict, reason, exposed, tookMs: now - began };
      const back = backSince === null ? null : { state, tookMs: now - backSince, left: fleet.onNew };
      if (back !== null || !promisesUndo(deployment))
        return { ...main, harmed: fleet.harmed, looks, crashes: crashes.count, back };
    }
    now += scenario.lookMs;
  }
}

function atOnce({ said, labelled, gone }: News): News {
  return { said: said.map((one, index) => (index % 3 === 1 ? 0 : one)), labelled, gone };
}

/** When the root server crashes, and for how long. */
class Crashes {
  readonly #scenario: Scenario;
  /** Numbers of their own: with crashes and without them the same happens to hosts. */
  readonly #random: () => number;
  #next: number;
  count = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = seeded(scenario.seed + 0.5 * 2 ** 32);
    this.#next = this.#after(began);
  }

  at(now: number): Crash | null {
    if (now < this.#next) return null;
    this.#next = this.#after(now);
    this.count += 1;
    return this.#random() < 0.5 ? 'lost' : 'untold';
  }

  /** In whole looks. */
  downMs(): number {
    const { downMs, lookMs } = this.#scenario;
    return Math.floor((this.#random() * downMs) / lookMs) * lookMs;
  }

  #after(now: number): number {
    const { crashesEveryMs } = this.#scenario;
    return crashesEveryMs === null
      ? Number.POSITIVE_INFINITY
      : now + exponential(this.#random, crashesEveryMs);
  }
}
