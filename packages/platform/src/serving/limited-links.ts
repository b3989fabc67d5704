import { type LinkLimit, type LinkRates, strictestRates } from '@xylem/core';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { PacedLink, type Turns } from './paced-link.ts';
import { routeClassOf } from './route-class.ts';

/** The links of one node, held to what its own administrator and direction say (docs/spec/bandwidth.md, Limits). */
export class LimitedLinks {
  readonly #log: Log;
  readonly #own: readonly LinkLimit[];
  #limits: readonly LinkLimit[] = [];
  #rates: (nowMs: number) => LinkRates = () => strictestRates([]);
  readonly #now: () => LinkRates;
  readonly #down: PacedLink;
  readonly #up: PacedLink;
  readonly #serve: PacedLink;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly own: readonly LinkLimit[] }) {
    const { clock } = options;
    this.#log = options.log;
    this.#own = options.own;
    const now = (): LinkRates => this.#rates(clock.now());
    this.#now = now;
    this.#down = new PacedLink(clock, () => ({ total: now().down, each: null }));
    this.#up = new PacedLink(clock, () => ({ total: now().up, each: null }));
    this.#serve = new PacedLink(clock, () => ({ total: now().serve, each: now().each }));
    this.direct([]);
  }

  /** What direction says, instead of what it said before. */
  direct(directed: readonly LinkLimit[]): void {
    const all = [...this.#own, ...directed];
    this.#limits = all;
    const always = strictestRates(all);
    this.#rates = () => always;
    if (all.every(({ times }) => times === undefined)) return;
    // Calendars cost memory, and most hosts have none. Until they are there, every limit counts.
    void import('@xylem/core/windows').then(
      ({ linkRates }) => {
        if (this.#limits === all) this.#rates = linkRates(all);
      },
      (error: unknown) => this.#log.error('limits hold at any time', { error }),
    );
  }

  /** For what comes from parents; null: nothing limits it. */
  down(isBackground: boolean): Turns | null {
    const isLimited = this.#limits.some(({ down }) => down !== undefined);
    return isLimited ? this.#down.turns('', isBackground) : null;
  }

  /** For what is sent to a parent by this URL; null: nothing limits it. */
  up(url: string): Turns | null {
    const isLimited = this.#limits.some(({ up }) => up !== undefined);
    return isLimited ? this.#up.turns('', routeClassOf(new URL(url).pathname) === 'report') : null;
  }

  /** Bytes per second from parents at present; null: as much as comes. */
  downNow(): number | null {
    return this.#now().down;
  }

  /** Bytes per second upwards at present; null: as much as goes. */
  upNow(): number | null {
    return this.#now().up;
  }

  /** For what is given to a child; null: nothing limits it. */
  serve(child: string, isBackground: boolean): Turns | null {
    const isLimited = this.#limits.some(({ serve, each }) => serve !== undefined || each !== undefined);
    return isLimited ? this.#serve.turns(child, isBackground) : null;
  }
}
