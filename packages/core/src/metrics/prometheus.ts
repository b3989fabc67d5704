import { XylemError } from '../errors.ts';
import type { HostCounts } from './metric.ts';

/** A query with the length of its window, in whole seconds of at least one. */
export function queryOver(query: string, windowMs: number): string {
  return query.replaceAll('$window', `${Math.max(1, Math.round(windowMs / 1000))}s`);
}

interface Sample {
  readonly metric?: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
}

/**
 * The values of an answer to an instant query, by the value of a label. What is no number is passed over; several
 * series of one host are added.
 * @throws XylemError E_METRIC when it is no answer, or no vector
 */
export function vectorOf(answer: unknown, label: string): Map<string, number> {
  const { status, error, data } = (answer ?? {}) as {
    readonly status?: unknown;
    readonly error?: unknown;
    readonly data?: { readonly resultType?: unknown; readonly result?: unknown };
  };
  if (status !== 'success') {
    const said = typeof error === 'string' ? error.slice(0, 500) : 'no reason';
    throw new XylemError('E_METRIC', `Prometheus refuses the query: ${said}.`);
  }
  if (data?.resultType !== 'vector' || !Array.isArray(data.result)) {
    const type = String(data?.resultType).slice(0, 50);
    throw new XylemError('E_METRIC', `The query gives no instant vector, but: ${type}.`);
  }
  const values = new Map<string, number>();
  for (const { metric, value } of data.result as readonly Sample[]) {
    const host = metric?.[label];
    const found = Number(value?.[1] ?? Number.NaN);
    if (host === undefined || !Number.isFinite(found) || found < 0) continue;
    values.set(host, (values.get(host) ?? 0) + found);
  }
  return values;
}

/** Two vectors as counts by host. */
export function countsOf(bad: ReadonlyMap<string, number>, all: ReadonlyMap<string, number>): HostCounts[] {
  return [...all]
    .filter(([, count]) => count > 0)
    .map(([host, count]) => ({ host, bad: Math.min(bad.get(host) ?? 0, count), all: count }))
    .sort((a, b) => (a.host < b.host ? -1 : 1));
}
