import { joined, keywords, type Selector } from './selector.ts';
import { selectorFault, type Word, wordsOf } from './words.ts';

const keyPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$/;
const MAX_LENGTH = 4096;
const MAX_DEPTH = 100;

/** Reads a selector; the empty text selects all. Throws E_SELECTOR naming the column and what is expected there. */
export function parseSelector(text: string): Selector {
  if (text.length > MAX_LENGTH)
    selectorFault(text, MAX_LENGTH + 1, `at most ${MAX_LENGTH} characters`, `${text.length}`);
  const words = wordsOf(text);
  if (words[0]?.kind === 'end') return { kind: 'all' };
  const parser = new Parser(text, words);
  return parser.whole();
}

class Parser {
  readonly #text: string;
  readonly #words: readonly Word[];
  #at = 0;
  #depth = 0;

  constructor(text: string, words: readonly Word[]) {
    this.#text = text;
    this.#words = words;
  }

  whole(): Selector {
    const selector = this.#or();
    if (this.#word.kind !== 'end') this.#refuse('"and", "or" or the end');
    return selector;
  }

  #or(): Selector {
    return this.#list('or', () => this.#list('and', () => this.#not()));
  }

  #list(kind: 'and' | 'or', part: () => Selector): Selector {
    const parts = [part()];
    while (this.#takes('bare', kind)) parts.push(part());
    return joined(kind, parts);
  }

  #not(): Selector {
    return this.#takes('bare', 'not') ? { kind: 'not', of: this.#primary() } : this.#primary();
  }

  #primary(): Selector {
    if (this.#takes('mark', '(')) {
      this.#depth += 1;
      if (this.#depth > MAX_DEPTH) this.#refuse(`at most ${MAX_DEPTH} nested parentheses`);
      const inner = this.#or();
      if (!this.#takes('mark', ')')) this.#refuse('"and", "or" or ")"');
      this.#depth -= 1;
      return inner;
    }
    if (this.#takes('bare', 'all')) return { kind: 'all' };
    return this.#condition(this.#key());
  }

  #key(): string {
    const { kind, text } = this.#word;
    if (kind !== 'bare' || keywords.has(text)) this.#refuse('a label\'s key, "not", "all" or "("');
    if (!keyPattern.test(text))
      this.#refuse('a label\'s key (lower-case letters, digits, inner hyphens, like "role")');
    this.#at += 1;
    return text;
  }

  #condition(key: string): Selector {
    if (this.#takes('mark', '=')) return { kind: 'equals', key, value: this.#value() };
    if (this.#takes('mark', '!=')) return { kind: 'differs', key, value: this.#value() };
    if (this.#takes('mark', '~')) return { kind: 'matches', key, pattern: this.#value() };
    if (this.#takes('bare', 'exists')) return { kind: 'exists', key };
    if (!this.#takes('bare', 'in')) this.#refuse(`"=", "!=", "~", "in" or "exists" after the key "${key}"`);
    if (!this.#takes('mark', '(')) this.#refuse('"(" after "in"');
    const values = [this.#value()];
    while (this.#takes('mark', ',')) values.push(this.#value());
    if (!this.#takes('mark', ')')) this.#refuse('"," or ")"');
    return { kind: 'in', key, values };
  }

  #value(): string {
    const { kind, text } = this.#word;
    if (kind !== 'bare' && kind !== 'quoted') this.#refuse('a value, like muc or "two words"');
    this.#at += 1;
    return text;
  }

  get #word(): Word {
    return this.#words[this.#at] ?? { kind: 'end', text: '', column: this.#text.length + 1 };
  }

  #takes(kind: Word['kind'], text: string): boolean {
    if (this.#word.kind !== kind || this.#word.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #refuse(expected: string): never {
    const { kind, text, column } = this.#word;
    return selectorFault(this.#text, column, expected, kind === 'end' ? 'the end' : JSON.stringify(text));
  }
}
