import { array, string } from '../schema/build.ts';
import type { ChangePolicy } from './change-policy.ts';
import type { Assignment } from './desired-state.ts';
import { namePattern } from './fields.ts';

/** What is urgent, and what it passes of what hosts hold by themselves: docs/spec/windows.md. */

export const holdKinds = ['freezes', 'locks', 'quotas', 'windows'] as const;
export type HoldKind = (typeof holdKinds)[number];
/** What would hold a change up; `name`: of the freeze, or the component that the lock is of. */
export interface Hold {
  readonly kind: HoldKind;
  readonly name?: string | undefined;
}
/** All of a kind, or one that holds a host up by itself: windows add up, and a policy has one quota. */
export type Passing = HoldKind | `${'freezes' | 'locks'}:${string}`;

export const passingParts = {
  title: `${holdKinds.join(', ')}, freezes:NAME or locks:COMPONENT (windows add up, so they are passed together)`,
  pattern: `^(${holdKinds.join('|')}|(freezes|locks):${namePattern.slice(1, -1)})$`,
} as const;
export const isPassing = (word: string): word is Passing => new RegExp(passingParts.pattern).test(word);
export const mostPassings = 100;
export const passesSchema = array(string<Passing>(passingParts), { minItems: 1, maxItems: mostPassings });

/** Of an assignment: agents pass over words that they don't know. */
export const overridesSchema = array(
  string({ title: 'a word like "freezes" or "locks:backup"', pattern: '^[a-z]+(:[a-z0-9-]{1,63})?$' }),
  { minItems: 1, maxItems: 1_000 },
);

/** What an assignment says of it. */
export type Urgency = Pick<Assignment, 'urgent' | 'passes' | 'overrides'>;
type FreezePolicy = Pick<ChangePolicy, 'urgentPassesFreezes'>;

/** Whether a host lets it pass. Pure. @param policy of the host's direction, where a freeze is looked at */
export function isPassed(
  { urgent = false, passes = [], overrides }: Urgency,
  { kind, name }: Hold,
  { urgentPassesFreezes = false }: FreezePolicy = {},
): boolean {
  if (overrides !== undefined) return overrides.includes(kind) || overrides.includes(`${kind}:${name}`);
  if (!urgent) return false;
  if (kind === 'windows' || kind === 'quotas') return true;
  return passes.includes(kind) || (kind === 'freezes' && urgentPassesFreezes);
}

/** Of what hosts hold: what another person's word is needed for. Pure. */
export const passedByApproval = (passes: readonly Passing[]): Passing[] =>
  passes.filter((one) => one !== 'windows' && one !== 'quotas');

/** All that something urgent passes, in the words of `overrides`, sorted. Pure. */
export function overridesOf(
  passes: readonly Passing[],
  { urgentPassesFreezes = false }: FreezePolicy = {},
): Passing[] {
  const isSaid = (...kinds: readonly HoldKind[]) =>
    passes.some((one) => kinds.some((kind) => one === kind || one.startsWith(`${kind}:`)));
  const all: Passing[] = [
    ...passes,
    ...(isSaid('windows', 'quotas') ? [] : (['quotas', 'windows'] as const)),
    ...(urgentPassesFreezes && !isSaid('freezes') ? (['freezes'] as const) : []),
  ];
  return [...new Set(all)].sort();
}

/**
 * What the assignments of an urgent deployment say. `urgent` and `passes` stand beside `overrides` only where agents that
 * know no `overrides` pass no more by them. Pure.
 */
export function urgencyOf(passes: readonly Passing[] | undefined, policy: FreezePolicy): Urgency {
  if (passes === undefined) return { urgent: true };
  const whole = passes.filter((one) => one === 'freezes' || one === 'locks');
  if (whole.length === passes.length) return { urgent: true, passes: whole };
  const overrides = overridesOf(passes, policy);
  const isPassedByOlder =
    overrides.includes('windows') &&
    overrides.includes('quotas') &&
    (policy.urgentPassesFreezes !== true || overrides.includes('freezes'));
  if (!isPassedByOlder) return { overrides };
  return { urgent: true, ...(whole.length === 0 ? {} : { passes: whole }), overrides };
}
