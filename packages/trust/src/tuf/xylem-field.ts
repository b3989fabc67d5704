import type { Targets, Timestamp } from '@tufjs/models';
import { parseRoleExtension, type RoleExtension } from '@xylem/core';

/** When a timestamp was signed, by its own word; null where its writer does not say it. */
export function issuedMsOf(signed: Timestamp): number | null {
  const issued = fieldOf(signed).issued;
  const issuedMs = typeof issued === 'string' ? Date.parse(issued) : Number.NaN;
  // An issue after the end is a mistake or a lie; time does not follow it.
  return issuedMs <= Date.parse(signed.expires) ? issuedMs : null;
}

/** Which repository a timestamp is of, by its own word. */
export function repositoryOf(signed: Timestamp): string | null {
  const { repository } = fieldOf(signed);
  return typeof repository === 'string' ? repository : null;
}

/**
 * Floor and withdrawals of a product's role. Malformed parts are refused, not passed over: they only ever forbid.
 * @throws XylemError E_METADATA_INVALID
 */
export function productRulesOf(signed: Targets): RoleExtension {
  const field = signed.unrecognizedFields.xylem;
  return field === undefined ? {} : parseRoleExtension(field);
}

function fieldOf(signed: Timestamp): Record<string, unknown> {
  const field = signed.unrecognizedFields.xylem;
  return typeof field === 'object' && field !== null ? (field as Record<string, unknown>) : {};
}

/**
 * Until when a delegation holds, milliseconds since 1970: `"xylem":{"until":time}` of the delegated role. Null: it
 * names no end. One that is malformed has ended: it was meant to end.
 */
export function endOfDelegation(role: {
  readonly unrecognizedFields?: Record<string, unknown>;
}): number | null {
  const field = role.unrecognizedFields?.xylem;
  if (typeof field !== 'object' || field === null || !Object.hasOwn(field, 'until')) return null;
  const { until } = field as { until: unknown };
  const isTime = typeof until === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(until);
  const ms = isTime ? Date.parse(until) : Number.NaN;
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms;
}
