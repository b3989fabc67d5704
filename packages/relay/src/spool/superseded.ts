const hourMs = 3_600_000;
const hoursOfDay = 24;

export const hourOf = (ms: number): number => Math.floor(ms / hourMs);

/** How many reports newer ones replaced before any parent had taken them, by the hour; a day of it is kept. */
export class Superseded {
  readonly #byHour = new Map<number, number>();

  add(hour: number, count = 1): void {
    if (!Number.isSafeInteger(hour) || !Number.isSafeInteger(count)) return;
    this.#byHour.set(hour, (this.#byHour.get(hour) ?? 0) + count);
    while (this.#byHour.size > hoursOfDay + 1) this.#byHour.delete(Math.min(...this.#byHour.keys()));
  }

  /** Of the present hour and the 23 before it. */
  lastDay(nowMs: number): number {
    const present = hourOf(nowMs);
    return [...this.#byHour]
      .filter(([hour]) => hour > present - hoursOfDay && hour <= present)
      .reduce((sum, [, count]) => sum + count, 0);
  }

  hours(): readonly (readonly [hour: number, count: number])[] {
    return [...this.#byHour];
  }
}
