import { sameParent } from '../reparenting/record.ts';
import { type Selectable, type Selector, selects } from '../selector/index.ts';
import type { Subnets } from './addresses.ts';
import { sameAddress } from './loops.ts';

export const parentRuleLimits = {
  /** Of an environment. */
  rules: 100,
  mostPriority: 1_000_000,
  priority: 100,
  /** A rule, or a host, that had to wait is looked at again after this. */
  againMs: 60_000,
  /** Other addresses lead a host to other parents at most once in this. */
  addressesMs: 3_600_000,
} as const;

/** Which parents hosts of an environment have: docs/spec/reparenting.md, Rules. */
export interface ParentRule {
  readonly name: string;
  readonly priority: number;
  readonly selector: Selector;
  readonly subnets: Subnets;
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
  /** That rules go by. */
  readonly addresses: readonly string[];
}

interface ParentsWanted {
  readonly rule: string;
  readonly parents: readonly string[];
}

/** The parents that the first rule that fits wants; null: a person's word counts, or nothing is wanted. Pure. */
export function wantedParents(rules: readonly ParentRule[], host: RuledHost): ParentsWanted | null {
  if (host.parents.length > 0 && host.parentsRule === null) return null;
  const rule = [...rules]
    .sort(byTurn)
    .find(({ selector, subnets }) => selects(selector, host) && subnets.hold(host.addresses));
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

/** What rules went by of a host's addresses. */
export interface KnownAddresses {
  readonly addresses: readonly string[];
  /** When other ones last led to something else; null: never. */
  readonly changedMs: number | null;
}

/** What is wanted by the addresses that a host said last, and what is known of them then. */
export interface WantedByAddresses {
  readonly wanted: ParentsWanted | null;
  readonly known: KnownAddresses | null;
  /** By what it says now something else would be wanted, and it is too soon for that. */
  readonly waits: boolean;
}

/** A host whose addresses come and go changes its parents for that once an hour. `said`: null: it says none. Pure. */
export function wantedByAddresses(
  rules: readonly ParentRule[],
  host: Omit<RuledHost, 'addresses'>,
  known: KnownAddresses | null,
  said: readonly string[] | null,
  nowMs: number,
): WantedByAddresses {
  const addresses = said ?? known?.addresses ?? [];
  const wanted = wantedParents(rules, { ...host, addresses });
  if (known === null)
    return { wanted, known: said === null ? null : { addresses, changedMs: null }, waits: false };
  const before = wantedParents(rules, { ...host, addresses: known.addresses });
  if (isSame(before, wanted)) return { wanted, known: { ...known, addresses }, waits: false };
  const { changedMs } = known;
  const waits = changedMs !== null && nowMs >= changedMs && nowMs - changedMs < parentRuleLimits.addressesMs;
  if (waits) return { wanted: before, known, waits };
  return { wanted, known: { addresses, changedMs: nowMs }, waits };
}

const isSame = (a: ParentsWanted | null, b: ParentsWanted | null): boolean =>
  a?.rule === b?.rule && a?.parents.join(' ') === b?.parents.join(' ');
