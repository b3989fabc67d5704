import { type ErrorCode, XylemError } from '@xylem/core';

/** Parses a bounded JSON object of one format. @throws XylemError `code`, E_TOO_LARGE */
export function parseObject(
  bytes: Uint8Array,
  what: string,
  code: ErrorCode,
  options: { readonly format?: string; readonly maxBytes: number },
): Record<string, unknown> {
  if (bytes.length > options.maxBytes) {
    throw new XylemError('E_TOO_LARGE', `The ${what} is larger than ${options.maxBytes} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new XylemError(code, `The ${what} is no JSON.`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new XylemError(code, `The ${what} is no JSON object.`);
  }
  const object = value as Record<string, unknown>;
  if (options.format !== undefined && object.format !== options.format) {
    const message = `The ${what} has the format ${String(object.format).slice(0, 60)}, not ${options.format}.`;
    throw new XylemError(code, message);
  }
  return object;
}

/** A string of at most `maxLength`, or the coded error. */
export function stringOf(
  object: Record<string, unknown>,
  key: string,
  code: ErrorCode,
  maxLength = 1024 * 1024,
): string {
  const value = object[key];
  if (typeof value === 'string' && value.length <= maxLength) return value;
  throw new XylemError(code, `${key} is no string of at most ${maxLength} characters.`);
}
