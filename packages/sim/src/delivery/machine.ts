import { Agenda } from '../agenda.ts';

type Act = () => void;

/** Something that does one task after the other: the main thread of a process, or a link. */
export interface Station {
  readonly isProcess: boolean;
  readonly waiting: { readonly ms: number; readonly act: Act }[];
  /** The next of `waiting`; those before are done. */
  next: number;
  isBusy: boolean;
  busyMs: number;
}

/** Time that is only counted on, and processes that share cores. What is ready first runs first, and to its end. */
export class Machine {
  readonly #agenda = new Agenda<Act>();
  readonly #cores: number;
  readonly #ready: Station[] = [];
  #nextReady = 0;
  #running = 0;
  now = 0;
  /** Processor time of all processes. */
  busyMs = 0;

  /** @param cores 0: one for each process */
  constructor(cores: number) {
    this.#cores = cores === 0 ? Number.POSITIVE_INFINITY : cores;
  }

  process(): Station {
    return { isProcess: true, waiting: [], next: 0, isBusy: false, busyMs: 0 };
  }

  link(): Station {
    return { ...this.process(), isProcess: false };
  }

  after(ms: number, act: Act): void {
    this.#agenda.add(this.now + ms, act);
  }

  do(station: Station, ms: number, act: Act): void {
    station.waiting.push({ ms, act });
    if (!station.isBusy) this.#begin(station);
  }

  /** Until nothing is left to do. */
  run(): void {
    for (let next = this.#agenda.next(Number.MAX_VALUE); next !== null; ) {
      this.now = next.at;
      next.event();
      next = this.#agenda.next(Number.MAX_VALUE);
    }
  }

  #begin(station: Station): void {
    station.isBusy = true;
    if (station.isProcess && this.#running >= this.#cores) this.#ready.push(station);
    else this.#act(station);
  }

  #act(station: Station): void {
    const task = station.waiting[station.next];
    if (task === undefined) return;
    station.next += 1;
    if (station.isProcess) {
      this.#running += 1;
      this.busyMs += task.ms;
    }
    station.busyMs += task.ms;
    this.after(task.ms, () => {
      // Others first: a process with much to do does not keep its core.
      if (station.isProcess) {
        this.#running -= 1;
        this.#hand();
      }
      station.isBusy = false;
      task.act();
      // What `act` asked of it may have begun already.
      if (!station.isBusy && station.next < station.waiting.length) this.#begin(station);
    });
  }

  /** A free core goes to who has waited longest. */
  #hand(): void {
    while (this.#running < this.#cores && this.#nextReady < this.#ready.length) {
      const station = this.#ready[this.#nextReady] as Station;
      this.#nextReady += 1;
      this.#act(station);
    }
  }
}
