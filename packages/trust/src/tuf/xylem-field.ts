import type { Targets, Timestamp } from '@tufjs/models';
import { type Digest, XylemError } from '@xylem/core';

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
export function productRulesOf(signed: Targets): { floor?: string; withdrawn?: Digest[] } {
  const { floor, withdrawn } = fieldOf(signed);
  const isList = Array.isArray(withdrawn) && withdrawn.every((entry) => typeof entry === 'string');
  if ((floor !== undefined && typeof floor !== 'string') || (withdrawn !== undefined && !isList)) {
    throw new XylemError('E_METADATA_INVALID', 'The xylem field of a product role is malformed.');
  }
  return {
    ...(floor === undefined ? {} : { floor }),
    ...(withdrawn === undefined ? {} : { withdrawn: withdrawn as Digest[] }),
  };
}

function fieldOf(signed: Timestamp | Targets): Record<string, unknown> {
  const field = signed.unrecognizedFields.xylem;
  return typeof field === 'object' && field !== null ? (field as Record<string, unknown>) : {};
}
