/** A parsed selector (docs/spec/direction.md, Selectors). `and` and `or` hold at least two parts, none of their own kind. */
export type Selector =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Selector[] }
  | { readonly kind: 'not'; readonly of: Selector }
  | { readonly kind: 'equals' | 'differs'; readonly key: string; readonly value: string }
  | { readonly kind: 'matches'; readonly key: string; readonly pattern: string }
  | { readonly kind: 'in'; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: 'exists'; readonly key: string };

/** What selectors look at. */
export interface Selectable {
  readonly id: string;
  readonly name?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const keywords: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'exists', 'all']);

/** `parts` joined by `kind`, flattened. */
export function joined(kind: 'and' | 'or', parts: readonly Selector[]): Selector {
  const flat = parts.flatMap((part) => (part.kind === kind && 'parts' in part ? part.parts : [part]));
  const [only, ...others] = flat;
  return only !== undefined && others.length === 0 ? only : { kind, parts: flat };
}
