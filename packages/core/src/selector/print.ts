import { keywords, type Selector } from './selector.ts';

/** A selector as text that parses to the same, with no more parentheses than needed. */
export function printSelector(selector: Selector): string {
  switch (selector.kind) {
    case 'all':
      return 'all';
    case 'or':
      return selector.parts.map(printSelector).join(' or ');
    case 'and':
      return selector.parts.map((part) => inParentheses(part, part.kind === 'or')).join(' and ');
    case 'not':
      return `not ${inParentheses(selector.of, ['and', 'or', 'not'].includes(selector.of.kind))}`;
    case 'equals':
      return `${selector.key} = ${printValue(selector.value)}`;
    case 'differs':
      return `${selector.key} != ${printValue(selector.value)}`;
    case 'matches':
      return `${selector.key} ~ ${printValue(selector.pattern)}`;
    case 'exists':
      return `${selector.key} exists`;
    case 'in':
      return `${selector.key} in (${selector.values.map(printValue).join(', ')})`;
  }
}

function inParentheses(selector: Selector, needed: boolean): string {
  return needed ? `(${printSelector(selector)})` : printSelector(selector);
}

function printValue(value: string): string {
  return /^[A-Za-z0-9._/*?-]+$/.test(value) && !keywords.has(value) ? value : `"${value}"`;
}
