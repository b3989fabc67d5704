const hourMs = 3_600_000;
const hoursOfDay = 24;

export const hourOf = (ms: number): number => Math.floor(ms / hourMs);

/** How many reports newer ones replaced before any parent had taken them: those of the last day by the hour. */
export class Superseded {
  readonly #byHour = new Map<number, number>();
  #earlier = 0;

  add(hour: number, count = 1): void {
    if (!Number.isSafeInteger(hour) || !Number.isSafeInteger(count)) return;
    this.#byHour.set(hour, (this.#byHour.get(hour) ?? 0) + count);
    while (this.#byHour.size > hoursOfDay + 1) this.#joinToEarlier(Math.min(...this.#byHour.keys()));
  }

  /** In hours that are not told apart any more. */
  addEarlier(count: number): void {
    if (Number.isSafeInteger(count)) this.#earlier += count;
  }

  /** Of the present hour and the 23 before it. */
  lastDay(nowMs: number): number {
    const present = hourOf(nowMs);
    return sumOf([...this.#byHour].filter(([hour]) => hour > present - hoursOfDay && hour <= present));
  }

  get total(): number {
    return this.#earlier + sumOf([...this.#byHour]);
  }

  get earlier(): number {
    return this.#earlier;
  }

  hours(): readonly (readonly [hour: number, count: number])[] {
    return [...this.#byHour];
  }

  #joinToEarlier(hour: number): void {
    this.addEarlier(this.#byHour.get(hour) ?? 0);
    this.#byHour.delete(hour);
  }
}

const sumOf = (hours: readonly (readonly [hour: number, count: number])[]): number =>
  hours.reduce((sum, [, count]) => sum + count, 0);
