/** What a metric said of all hosts of an environment over a window, or why it could not be had. */
export type Reading =
  | { readonly name: string; readonly seconds: number; readonly bad: number; readonly all: number }
  | { readonly name: string; readonly fault: string };

type Figure = Omit<Extract<Reading, { seconds: number }>, 'name'>;

/** A metric before a deployment and after it, side by side. It is shown and decides nothing. */
export interface ComparedReading {
  readonly name: string;
  /** Null: not read yet, or not to be had. */
  readonly before: Figure | null;
  readonly after: Figure | null;
  /** How many times as large the share of what is bad is after; null: one is missing, or there was none before. */
  readonly errors: number | null;
  /** How many times as much there is of all, by the second. */
  readonly load: number | null;
  readonly fault: string | null;
}

/** By the names of `before`, then those that are new. Null: not read yet. Pure. */
export function compareReadings(
  before: readonly Reading[] | null,
  after: readonly Reading[] | null,
): ComparedReading[] {
  const names = new Set([...(before ?? []), ...(after ?? [])].map(({ name }) => name));
  return [...names].map((name) => {
    const [old, fresh] = [before, after].map((readings) => readings?.find((one) => one.name === name));
    const [first, last] = [figureOf(old), figureOf(fresh)];
    const fault = [old, fresh].flatMap((one) => (one !== undefined && 'fault' in one ? [one.fault] : []))[0];
    const ratio = (of: (figure: Figure) => number): number | null =>
      first === null || last === null ? null : quotient(of(last), of(first));
    return {
      name,
      before: first,
      after: last,
      errors: ratio(({ bad, all }) => (all === 0 ? Number.NaN : bad / all)),
      load: ratio(({ all, seconds }) => all / seconds),
      fault: fault ?? null,
    };
  });
}

function figureOf(reading: Reading | undefined): Figure | null {
  if (reading === undefined || 'fault' in reading) return null;
  const { seconds, bad, all } = reading;
  return { seconds, bad, all };
}

function quotient(after: number, before: number): number | null {
  const value = after / before;
  return Number.isFinite(value) ? value : null;
}
