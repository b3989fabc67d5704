import { type ErrorCode, errorCodes, type Retry } from './error-codes/index.ts';

export interface XylemErrorOptions {
  readonly cause?: unknown;
  /** Overrides what the table says, where the caller knows better. */
  readonly retry?: Retry;
  /** Facts for programs: `file`, `line`, `column`, `key`, `expected`, `path`, … Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one error of this project: a code of the closed table, a sentence that a person can act on, and what a
 * caller may do about it. What is not a XylemError is a mistake in the program.
 */
export class XylemError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: XylemErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'XylemError';
    this.code = code;
    this.retry = options.retry ?? errorCodes[code].retry;
    this.details = options.details ?? {};
  }
}

/** Whether `text` is a code of the table; for codes that arrive in reports of other versions. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}
