import { type Digest, noPackage, timeOf } from '@xylem/core';
import type { HostDetail } from '../api/schemas/index.ts';

/** An operator's word that a component of a host stays as it is. */
export interface OperatorPin {
  readonly reason: string;
  readonly by: string;
  readonly sinceMs: number;
}

/** By component. */
export type OperatorPins = Readonly<Record<string, OperatorPin>>;

type Columns = { readonly pinned: string };

/** The column with these pins too, or null where they change nothing. Pure. */
export function pinning(
  before: OperatorPins,
  components: readonly string[],
  pin: OperatorPin,
): Columns | null {
  const fresh = components.filter((component) => before[component]?.reason !== pin.reason);
  if (fresh.length === 0) return null;
  const pinned = { ...before, ...Object.fromEntries(fresh.map((component) => [component, pin])) };
  return { pinned: JSON.stringify(pinned) };
}

/** The column without pins of these components (absent: of any), or null where there are none. Pure. */
export function unpinning(before: OperatorPins, components?: readonly string[]): Columns | null {
  const left = Object.entries(before).filter(
    ([component]) => components !== undefined && !components.includes(component),
  );
  if (left.length === Object.keys(before).length) return null;
  return { pinned: JSON.stringify(Object.fromEntries(left)) };
}

/** What the host map says of them: the component is left as it is, installed or not. */
export function pinsOf(pinned: OperatorPins): Readonly<Record<string, Digest>> {
  return Object.fromEntries(Object.keys(pinned).map((component) => [component, noPackage]));
}

/** As the API shows them. */
export function apiPins(pinned: OperatorPins): HostDetail['pinned'] {
  return Object.entries(pinned).map(([component, { reason, by, sinceMs }]) => ({
    component,
    reason,
    by,
    since: timeOf(sinceMs),
  }));
}

/** For people: who pinned something, when and why; each once. */
export function pinWords(pinned: OperatorPins): string[] {
  const words = Object.values(pinned).map(
    ({ reason, by, sinceMs }) => `by ${by} since ${timeOf(sinceMs)}: ${reason.replace(/\.$/, '')}`,
  );
  return [...new Set(words)];
}
