import { type ErrorCode, errorCodes, XylemError } from '@xylem/core';
import type { FastifySchemaValidationError } from 'fastify';
import { isPostgresGone } from '../db/postgres.ts';
import type { Problem } from './schemas/common.ts';

const statusOf: Partial<Record<ErrorCode, number>> = {
  E_BUSY: 409,
  E_CI_TOKEN: 401,
  E_CONFIRM_RESTORE: 409,
  E_DISK_FULL: 507,
  E_FORBIDDEN: 403,
  E_FOUR_EYES: 403,
  E_INTERNAL: 500,
  E_ISSUER: 503,
  E_NOT_FOUND: 404,
  E_OBJECT_MISSING: 409,
  E_OIDC: 401,
  E_STORAGE: 503,
  E_THROTTLED: 429,
  E_TIMEOUT: 503,
  E_TOO_LARGE: 413,
  E_UNAUTHORISED: 401,
  E_UNSUPPORTED: 404,
};

/** What a client is told about an error: never a stack, and nothing of what this program did not expect. */
export function problemOf(error: unknown): { status: number; problem: Problem } {
  const known = toXylemError(error);
  const { advice, exitCode } = errorCodes[known.code];
  const status = statusOf[known.code] ?? (exitCode === errorCodes.E_CONFLICT.exitCode ? 409 : 400);
  const details = Object.keys(known.details).length > 0 ? { details: { ...known.details } } : {};
  return { status, problem: { code: known.code, message: known.message, advice, ...details } };
}

export function toXylemError(error: unknown): XylemError {
  if (error instanceof XylemError) return error;
  const { code, validation, statusCode, message } = error as {
    code?: string;
    validation?: FastifySchemaValidationError[];
    statusCode?: number;
    message?: string;
  };
  if (validation)
    return invalidInput(validation, (error as { validationContext?: string }).validationContext ?? 'body');
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new XylemError('E_TOO_LARGE', 'The request is larger than this route takes.', { cause: error });
  }
  if (code === 'ENOSPC' || isDatabaseFull(error))
    return new XylemError('E_DISK_FULL', "The root server's disk is full.", { cause: error });
  if (isPostgresGone(error)) {
    return new XylemError('E_STORAGE', 'The database of the root server does not answer.', { cause: error });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EIO') {
    return new XylemError('E_STORAGE', `The root server's disk refused (${code}).`, { cause: error });
  }
  if (statusCode !== undefined && statusCode < 500) {
    return new XylemError('E_INPUT', message ?? 'The request is malformed.', { cause: error });
  }
  return new XylemError('E_INTERNAL', 'The root server met a fault of its own; its log says which.', {
    cause: error,
  });
}

/** With `verbose` ajv adds what it looked at, and by which schema. */
interface Fault extends FastifySchemaValidationError {
  readonly data?: unknown;
  readonly parentSchema?: { readonly description?: string; readonly type?: string };
}

const placeNames: Readonly<Record<string, string>> = { querystring: 'query', params: 'path' };

const sqliteFull = 13;
const postgresDiskFull = '53100';

/** A database says in its own way that its disk is full. */
function isDatabaseFull(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number };
  return code === postgresDiskFull || (code === 'ERR_SQLITE_ERROR' && errcode === sqliteFull);
}

/** What a person can correct: the key, what would be right, what was found. */
function invalidInput(faults: readonly Fault[], context: string): XylemError {
  // Of a union every branch complains; the deepest complaint is about the branch that was meant.
  const fault = [...faults].sort((a, b) => depth(b) - depth(a))[0];
  const key = fault?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  const where = placeNames[context] ?? context;
  const place = key === '' ? where : `${where}: ${key}`;
  const { sentence, culprit } = complaint(fault, place);
  return new XylemError('E_INPUT', `${sentence}.`, { details: { key: key || (culprit ?? where), where } });
}

function complaint(fault: Fault | undefined, place: string): { sentence: string; culprit?: string } {
  const named = (name: string): string | undefined => {
    const value: unknown = fault?.params[name];
    return typeof value === 'string' ? value : undefined;
  };
  const unknown = named('additionalProperty');
  if (fault?.keyword === 'additionalProperties' && unknown !== undefined) {
    return {
      sentence: `${place} holds the unknown key ${JSON.stringify(shortened(unknown))}`,
      culprit: unknown,
    };
  }
  const missing = named('missingProperty');
  if (fault?.keyword === 'required' && missing !== undefined) {
    return { sentence: `${place}: ${missing} is missing`, culprit: missing };
  }
  const expected = fault?.parentSchema?.description;
  if (
    expected !== undefined &&
    ['pattern', 'maxLength', 'minLength', 'type'].includes(fault?.keyword ?? '')
  ) {
    const found = shortened(JSON.stringify(fault?.data) ?? 'nothing');
    return { sentence: `${place}: expected ${expected}, found ${found}` };
  }
  return { sentence: `${place} ${fault?.message ?? 'is not valid'}` };
}

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

function depth(fault: FastifySchemaValidationError): number {
  return fault.instancePath.split('/').length;
}
