import type { ErrorCode } from './error-codes/index.ts';
import { XylemError } from './errors.ts';
import { limits } from './limits.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 as text. Throws `code` for other bytes; a byte order mark is kept, so that JSON refuses it. */
function decodeUtf8(bytes: Uint8Array, what: string, code: ErrorCode = 'E_DOCUMENT_INVALID'): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new XylemError(code, `The ${what} is not UTF-8.`, { cause });
  }
}

/** JSON of at most `maxBytes` and 64 levels. Throws E_TOO_LARGE or `code`. `what` names the document in messages. */
export function parseJson(
  input: Uint8Array | string,
  what: string,
  { maxBytes, code = 'E_DOCUMENT_INVALID' }: { readonly maxBytes: number; readonly code?: ErrorCode },
): unknown {
  if (input.length > maxBytes) {
    throw new XylemError(
      'E_TOO_LARGE',
      `The ${what} has ${input.length} bytes; at most ${maxBytes} are read.`,
      {
        details: { sizeBytes: input.length, maxBytes },
      },
    );
  }
  const text = typeof input === 'string' ? input : decodeUtf8(input, what, code);
  if (levels(text) > limits.jsonDepth) {
    throw new XylemError(code, `The ${what} is nested deeper than ${limits.jsonDepth} levels.`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError(code, `The ${what} is not JSON: ${reason}`, { cause });
  }
}

/** The deepest nesting of brackets outside strings. Whoever recurses over the value later relies on it. */
function levels(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) {
      i = endOfString(text, i + 1);
    } else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return deepest;
}

/** The index of the quote that closes the string whose content begins at `from`. */
function endOfString(text: string, from: number): number {
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}
