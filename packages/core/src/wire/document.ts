import type { ErrorCode } from '../error-codes/index.ts';
import { XylemError } from '../errors.ts';
import { jcs } from '../jcs.ts';
import { parseJson } from '../json.ts';
import { issuesOf } from '../schema/check.ts';
import type { Schema, Static } from '../schema/json-schema.ts';
import { issueSentence, pathText } from '../schema/message.ts';

const encoder = new TextEncoder();

/** How one kind of document is read and written. */
export interface DocumentKind<T> {
  readonly schema: Schema<T>;
  readonly maxBytes: number;
  /** Reads bytes or text as JSON, takes other values as they are. Throws the document's code, or E_TOO_LARGE. */
  readonly parse: (input: unknown) => T;
  /** JCS in UTF-8. Refuses what `parse` would refuse, so that nothing invalid is ever signed. */
  readonly encode: (document: T) => Uint8Array;
}

interface Rules<T> {
  /** For messages: "The <what> …". */
  readonly what: string;
  /** `xylem-<name>-<major>`, or several of one name; absent where the document carries none (a join request's inside). */
  readonly format?: string | readonly string[];
  readonly maxBytes: number;
  readonly code?: ErrorCode;
  /** Refuses what this program does not know before it judges the rest. */
  readonly refuseUnknown?: (value: unknown) => void;
  /** What a schema can't say: a sentence of what is wrong, or undefined. */
  readonly check?: (document: T) => string | undefined;
}

export function documentKind<S extends Schema<unknown>>(
  schema: S,
  rules: Rules<Static<S>>,
): DocumentKind<Static<S>> {
  const { what, format, maxBytes, code = 'E_DOCUMENT_INVALID', refuseUnknown, check } = rules;
  const verify = (value: unknown): Static<S> => {
    if (format !== undefined) checkFormat(value, format, what, code);
    refuseUnknown?.(value);
    const [issue] = issuesOf(schema, value);
    if (issue !== undefined) {
      const details = { key: pathText(issue.path), expected: issue.expected };
      throw new XylemError(code, `The ${what} is not valid: ${issueSentence(issue)}`, { details });
    }
    const document = value as Static<S>;
    const wrong = check?.(document);
    if (wrong !== undefined) throw new XylemError(code, `The ${what} is not valid: ${wrong}.`);
    return document;
  };
  return {
    schema: schema as Schema<Static<S>>,
    maxBytes,
    parse: (input) =>
      verify(
        input instanceof Uint8Array || typeof input === 'string'
          ? parseJson(input, what, { maxBytes, code })
          : input,
      ),
    encode: (document) => {
      const bytes = encoder.encode(jcs(verify(document)));
      if (bytes.length > maxBytes) {
        throw new XylemError(
          'E_TOO_LARGE',
          `The ${what} would have ${bytes.length} bytes; at most ${maxBytes} are read.`,
        );
      }
      return bytes;
    },
  };
}

/** Refuses another document and another major version of this one, each with its own code. */
export function checkFormat(
  value: unknown,
  format: string | readonly string[],
  what: string,
  code: ErrorCode,
): void {
  const known = [format].flat();
  const found: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'format') : undefined;
  if (typeof found === 'string' && known.includes(found)) return;
  const [first = ''] = known;
  const family = first.slice(0, first.lastIndexOf('-') + 1);
  if (typeof found === 'string' && found.startsWith(family) && /^\d{1,6}$/.test(found.slice(family.length))) {
    throw new XylemError(
      'E_FORMAT_UNSUPPORTED',
      `The ${what} has the format ${found}; this program reads ${known.join(' and ')}.`,
    );
  }
  throw new XylemError(code, `This is no ${what}: its "format" is not "${known.join('" or "')}".`, {
    details: { key: 'format' },
  });
}
