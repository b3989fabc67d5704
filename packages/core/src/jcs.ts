import { XylemError } from './errors.ts';
import { limits } from './limits.ts';

const encoder = new TextEncoder();

/**
 * `value` as RFC 8785 (JCS): keys sorted by UTF-16 code units, no white space. Properties that are `undefined` are
 * left out. Throws E_DOCUMENT_INVALID for what JSON can't say: non-finite numbers, lone surrogates, cycles.
 */
export function jcs(value: unknown): string {
  return write(value, 0);
}

/** `jcs` in UTF-8: the bytes that are hashed, signed and sent. */
export function jcsBytes(value: unknown): Uint8Array {
  return encoder.encode(jcs(value));
}

function write(value: unknown, depth: number): string {
  if (typeof value === 'string') return writeString(value);
  if (typeof value === 'number') {
    // RFC 8785 section 3.2.2.3: ECMAScript's own number serialisation.
    if (!Number.isFinite(value)) refuse(`the number ${value}`);
    return JSON.stringify(value);
  }
  if (value === null || value === true || value === false) return String(value);
  if (typeof value !== 'object') refuse(`a ${typeof value}`);
  if (depth >= limits.jsonDepth) refuse(`more than ${limits.jsonDepth} levels`);
  if (Array.isArray(value)) return `[${value.map((element) => write(element, depth + 1)).join(',')}]`;
  const parts: string[] = [];
  // RFC 8785 section 3.2.3 sorts by UTF-16 code units, as sort() does.
  for (const key of Object.keys(value).sort()) {
    const inside: unknown = Reflect.get(value, key);
    if (inside !== undefined) parts.push(`${writeString(key)}:${write(inside, depth + 1)}`);
  }
  return `{${parts.join(',')}}`;
}

function writeString(text: string): string {
  if (!text.isWellFormed()) refuse('a string with half a surrogate pair');
  return JSON.stringify(text);
}

function refuse(what: string): never {
  throw new XylemError('E_DOCUMENT_INVALID', `A document can't hold ${what}.`, { retry: 'never' });
}
