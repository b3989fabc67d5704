import { XylemError } from '../errors.ts';

export interface Word {
  readonly kind: 'bare' | 'quoted' | 'mark' | 'end';
  readonly text: string;
  /** Counted from 1. */
  readonly column: number;
}

const bare = /[A-Za-z0-9._/*?-]+/y;
const marks = ['!=', '=', '~', '(', ')', ','];

/** A selector's text as words; the last is the end. Throws E_SELECTOR. */
export function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    const unit = text[at] ?? '';
    if (/\s/.test(unit)) {
      at += 1;
      continue;
    }
    const column = at + 1;
    bare.lastIndex = at;
    const mark = marks.find((candidate) => text.startsWith(candidate, at));
    const found = bare.exec(text)?.[0];
    if (found !== undefined) {
      words.push({ kind: 'bare', text: found, column });
      at += found.length;
    } else if (mark !== undefined) {
      words.push({ kind: 'mark', text: mark, column });
      at += mark.length;
    } else if (unit === '"') {
      const end = text.indexOf('"', at + 1);
      if (end === -1) selectorFault(text, column, 'a closing "', 'the end');
      words.push({ kind: 'quoted', text: text.slice(at + 1, end), column });
      at = end + 1;
    } else {
      const sign = String.fromCodePoint(text.codePointAt(at) ?? 0);
      selectorFault(
        text,
        column,
        'a word, a "quoted value", an operator or a parenthesis',
        JSON.stringify(sign),
      );
    }
  }
  words.push({ kind: 'end', text: '', column: text.length + 1 });
  return words;
}

/** Refuses a selector: where, what was found and what would be right. */
export function selectorFault(text: string, column: number, expected: string, found: string): never {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  throw new XylemError(
    'E_SELECTOR',
    `The selector ${JSON.stringify(shown)}, column ${column}: expected ${expected}, found ${found}.`,
    {
      details: { selector: shown, column, expected },
    },
  );
}
