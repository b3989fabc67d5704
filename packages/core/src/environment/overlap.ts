import { globMatches } from '../selector/glob.ts';
import type { Selector } from '../selector/selector.ts';

/** One condition on one label, or its opposite. */
interface Literal {
  readonly key: string;
  readonly holds: boolean;
  readonly of: Extract<Selector, { readonly key: string }>;
}
type Clause = readonly Literal[];

const MAX_CLAUSES = 256;

/**
 * Whether some host, present or future, could be selected by both. `false` is a proof; where the selectors are too
 * entangled for one the answer is `true`.
 */
export function mayOverlap(a: Selector, b: Selector): boolean {
  const clauses = clausesOf({ kind: 'and', parts: [a, b] }, true);
  return clauses === undefined || clauses.some((clause) => !contradicts(clause));
}

/** Disjunctive normal form; undefined if it would be too large. */
function clausesOf(selector: Selector, holds: boolean): readonly Clause[] | undefined {
  switch (selector.kind) {
    case 'all':
      return holds ? [[]] : [];
    case 'not':
      return clausesOf(selector.of, !holds);
    case 'and':
    case 'or': {
      const parts = selector.parts.map((part) => clausesOf(part, holds));
      if (!parts.every((part) => part !== undefined)) return undefined;
      const joined = (selector.kind === 'or') === holds ? parts.flat() : product(parts);
      return joined === undefined || joined.length > MAX_CLAUSES ? undefined : joined;
    }
    default:
      return [[{ key: selector.key, holds, of: selector }]];
  }
}

function product(parts: readonly (readonly Clause[])[]): readonly Clause[] | undefined {
  let clauses: readonly Clause[] = [[]];
  for (const part of parts) {
    clauses = clauses.flatMap((clause) => part.map((other) => [...clause, ...other]));
    if (clauses.length > MAX_CLAUSES) return undefined;
  }
  return clauses;
}

/** Whether no value, nor absence, of some label meets all its conditions. Only decided where a condition lists values. */
function contradicts(clause: Clause): boolean {
  const byKey = Map.groupBy(clause, ({ key }) => key);
  return [...byKey.values()].some((literals) => {
    const lists = literals.map(possible).filter((values) => values !== undefined);
    const [first] = lists;
    return first !== undefined && !first.some((value) => literals.every((literal) => meets(literal, value)));
  });
}

/** The values (undefined: absent) among which a condition chooses, if they can be listed. */
function possible({ of, holds }: Literal): readonly (string | undefined)[] | undefined {
  if (of.kind === 'equals' && holds) return [of.value];
  if (of.kind === 'differs' && !holds) return [of.value];
  if (of.kind === 'in' && holds) return of.values;
  if (of.kind === 'exists' && !holds) return [undefined];
  return undefined;
}

function meets({ of, holds }: Literal, value: string | undefined): boolean {
  return conditionHolds(of, value) === holds;
}

function conditionHolds(of: Literal['of'], value: string | undefined): boolean {
  switch (of.kind) {
    case 'equals':
      return value === of.value;
    case 'differs':
      return value !== of.value;
    case 'exists':
      return value !== undefined;
    case 'in':
      return value !== undefined && of.values.includes(value);
    case 'matches':
      return value !== undefined && globMatches(of.pattern, value);
  }
}
