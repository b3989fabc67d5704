import { sameParent } from '../reparenting/record.ts';
import { type Selectable, type Selector, selects } from '../selector/index.ts';
import { sameAddress } from './loops.ts';

export const parentRuleLimits = {
  /** Of an environment. */
  rules: 100,
  mostPriority: 1_000_000,
  priority: 100,
  /** A rule, or a host, that had to wait is looked at again after this. */
  againMs: 60_000,
} as const;

/** Which parents hosts of an environment have: docs/spec/reparenting.md, Rules. */
export interface ParentRule {
  readonly name: string;
  readonly priority: number;
  readonly selector: Selector;
  /** In order of preference. */
  readonly parents: readonly string[];
}

/** What rules look at of a host. */
export interface RuledHost extends Selectable {
  /** Those that it was given; none: as it joined. */
  readonly parents: readonly string[];
  /** The rule that its parents came by; null: none. */
  readonly parentsRule: string | null;
  /** Where it serves as a relay; null: it does not, or that is not known. */
  readonly url: string | null;
}

interface ParentsWanted {
  readonly rule: string;
  readonly parents: readonly string[];
}

/** The parents that the first rule that fits wants; null: a person's word counts, or nothing is wanted. Pure. */
export function wantedParents(rules: readonly ParentRule[], host: RuledHost): ParentsWanted | null {
  if (host.parents.length > 0 && host.parentsRule === null) return null;
  const rule = [...rules].sort(byTurn).find(({ selector }) => selects(selector, host));
  if (rule === undefined) return null;
  const { url } = host;
  const own =
    url === null ? -1 : rule.parents.findLastIndex((parent) => sameAddress(parent) === sameAddress(url));
  const parents = rule.parents.slice(own + 1);
  return parents.length === 0 ? null : { rule: rule.name, parents };
}

const byTurn = (a: ParentRule, b: ParentRule): number =>
  a.priority - b.priority || (a.name < b.name ? -1 : 1);

/** Whether a host has these parents already, in this order. Pure. */
export const hasParents = (host: Pick<RuledHost, 'parents'>, parents: readonly string[]): boolean =>
  host.parents.map(sameParent).join(' ') === parents.map(sameParent).join(' ');
