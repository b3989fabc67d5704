import { globMatches } from './glob.ts';
import type { Selectable, Selector } from './selector.ts';

/** Whether a selector holds for a host. An absent label equals nothing. */
export function selects(selector: Selector, host: Selectable): boolean {
  switch (selector.kind) {
    case 'all':
      return true;
    case 'and':
      return selector.parts.every((part) => selects(part, host));
    case 'or':
      return selector.parts.some((part) => selects(part, host));
    case 'not':
      return !selects(selector.of, host);
    default:
      return holds(selector, labelOf(selector.key, host));
  }
}

function labelOf(key: string, { id, name, labels }: Selectable): string | undefined {
  if (key === 'id') return id;
  if (key === 'name') return name;
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

type Condition = Extract<Selector, { readonly key: string }>;

function holds(condition: Condition, value: string | undefined): boolean {
  switch (condition.kind) {
    case 'equals':
      return value === condition.value;
    case 'differs':
      return value !== condition.value;
    case 'exists':
      return value !== undefined;
    case 'in':
      return value !== undefined && condition.values.includes(value);
    case 'matches':
      return value !== undefined && globMatches(condition.pattern, value);
  }
}
