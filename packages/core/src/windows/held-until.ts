import type { Assignment, DesiredState } from '../wire/desired-state.ts';
import { momentsOf } from './eligible.ts';

/** All hosts have the same answer where no selector is asked for one. */
const anyHost = { id: '', name: '', labels: {} };

/**
 * Until when (milliseconds since 1970) no host may begin anything that the newest of these states asks for and the one
 * before did not, whichever hosts there are; null: some may, or it is not sure. Only new assignments that pass nothing
 * may be what is new, and freezes and windows for all hosts hold them. Pure; newest first.
 */
export function heldUntil([state, before, ...former]: readonly DesiredState[], nowMs: number): number | null {
  if (state === undefined || before === undefined || restOf(state) !== restOf(before)) return null;
  const known = new Set(before.assignments.map((one) => JSON.stringify(one)));
  const asked = state.assignments.filter((one) => !known.has(JSON.stringify(one)));
  // Hosts go back at any moment to what they keep.
  const kept = new Set(former.flatMap(({ assignments }) => assignments.map((one) => one.package)));
  if (asked.length === 0 || asked.some((one) => passesAny(one) || kept.has(one.package))) return null;
  const { windows = [], freezes = [] } = state.policy;
  // Where one window is for all, a host is bound to windows; which others it has is not known, so each may open.
  const isBound = windows.some(({ where }) => where === undefined);
  const moments = momentsOf(
    {
      ...(isBound ? { windows: windows.map(({ where: _where, ...period }) => period) } : {}),
      freezes: freezes.filter(({ where }) => where === undefined),
    },
    anyHost,
  );
  const found = moments.eligible({}, nowMs);
  return found.kind === 'open' ? null : (found.nextMs ?? Number.POSITIVE_INFINITY);
}

const passesAny = ({ urgent, passes, overrides }: Assignment): boolean =>
  urgent === true || passes !== undefined || overrides !== undefined;

function restOf({
  number: _number,
  issued: _issued,
  repositories: _repositories,
  products: _products,
  assignments: _assignments,
  ...rest
}: DesiredState): string {
  return JSON.stringify(rest);
}
