import { XylemError } from '../errors.ts';

/** A piece of XML. An element that is empty comes as both, open and close. */
export type Token = Tag | { readonly kind: 'close'; readonly name: string } | TextToken;
export interface Tag {
  readonly kind: 'open';
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}
interface TextToken {
  readonly kind: 'text';
  readonly text: string;
}

const nameCharacters = /^[\p{L}_:][\p{L}\p{N}_:.-]*$/u;
const mostAttributes = 256;

/**
 * The elements and texts of an XML document in order. What defines or draws in anything (a document type, an entity) is
 * refused; comments and processing instructions are passed over. Each character is looked at a bounded number of times.
 * @throws XylemError E_JUNIT_INVALID
 */
export function* tagsIn(text: string): Iterable<Token> {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const words = text.slice(at, next === -1 ? undefined : next);
    if (words.trim() !== '') yield { kind: 'text', text: decoded(words) };
    if (next === -1) return;
    if (text.startsWith('<!--', next)) at = after(text, '-->', next + 4);
    else if (text.startsWith('<![CDATA[', next)) {
      at = after(text, ']]>', next + 9);
      yield { kind: 'text', text: text.slice(next + 9, at - 3) };
    } else if (text.startsWith('<?', next)) at = after(text, '?>', next + 2);
    else if (text.startsWith('<!', next)) throw invalid('it has a document type');
    else if (text.startsWith('</', next)) {
      at = after(text, '>', next + 2);
      yield { kind: 'close', name: text.slice(next + 2, at - 1).trim() };
    } else {
      const end = endOfTag(text, next + 1);
      at = end + 1;
      const isEmpty = text[end - 1] === '/';
      const tag = tagOf(text.slice(next + 1, isEmpty ? end - 1 : end));
      yield tag;
      if (isEmpty) yield { kind: 'close', name: tag.name };
    }
  }
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  if (at === -1) throw invalid('it was cut off');
  return at + end.length;
}

/** Where the `>` of a tag stands; one in quotes is none. */
function endOfTag(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at;
    else if (character === '<') throw invalid('a < stands in a tag');
  }
  throw invalid('it was cut off');
}

function tagOf(inside: string): Tag {
  const name = /^[^\s=]*/.exec(inside)?.[0] ?? '';
  if (!nameCharacters.test(name)) throw invalid('an element has no name');
  const attributes = new Map<string, string>();
  const pair = /\s+([^\s=]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/gy;
  pair.lastIndex = name.length;
  let at = name.length;
  for (let found = pair.exec(inside); found !== null; found = pair.exec(inside)) {
    const [, key = '', double, single] = found;
    if (attributes.size >= mostAttributes) throw invalid('an element has too many attributes');
    attributes.set(key, decoded(double ?? single ?? ''));
    at = pair.lastIndex;
  }
  if (inside.slice(at).trim() !== '')
    throw invalid(`<${name.slice(0, 64)}> has something that is no attribute`);
  return { kind: 'open', name, attributes };
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,32})(;?)/g, (_whole, name: string, end: string) => {
    const known = Object.hasOwn(entities, name) ? entities[name] : undefined;
    if (end === ';' && known !== undefined) return known;
    const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const point =
      number === null ? Number.NaN : Number.parseInt(number[1] ?? number[2] ?? '', number[1] ? 16 : 10);
    if (end !== ';' || !(point <= 0x10_ff_ff)) throw invalid('it has an entity that XML does not define');
    return String.fromCodePoint(point);
  });
}

function invalid(why: string): XylemError {
  return new XylemError('E_JUNIT_INVALID', `The JUnit file can't be read: ${why}.`);
}
