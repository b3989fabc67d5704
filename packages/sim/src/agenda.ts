import { Heap } from '@xylem/core';

interface Item<Event> {
  readonly at: number;
  readonly order: number;
  readonly event: Event;
}

/** What is to happen, by time; of one moment, what was put down first. */
export class Agenda<Event> {
  readonly #heap = new Heap<Item<Event>>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;

  add(at: number, event: Event): void {
    if (!Number.isFinite(at)) return;
    this.#heap.add({ at, order: this.#order, event });
    this.#order += 1;
  }

  /** The next one until `until`, taken out; null: none. */
  next(until: number): { readonly at: number; readonly event: Event } | null {
    const { first } = this.#heap;
    if (first === undefined || first.at > until) return null;
    this.#heap.take();
    return first;
  }
}
