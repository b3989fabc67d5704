import { directionCodes } from './direction.ts';
import type { ErrorCodes } from './entry.ts';
import { hostsCodes } from './hosts.ts';
import { identityCodes } from './identity.ts';
import { machineCodes } from './machine.ts';
import { metadataCodes } from './metadata.ts';
import { networkCodes } from './network.ts';
import { objectsCodes } from './objects.ts';
import { publishingCodes } from './publishing.ts';
import { requestsCodes } from './requests.ts';

export { type ErrorCodeEntry, exitCodes, type Retry } from './entry.ts';

/** The table by part, each sorted. No code stands in two of them. */
export const errorCodeParts = {
  objects: objectsCodes,
  metadata: metadataCodes,
  publishing: publishingCodes,
  direction: directionCodes,
  hosts: hostsCodes,
  identity: identityCodes,
  network: networkCodes,
  machine: machineCodes,
  requests: requestsCodes,
} satisfies Readonly<Record<string, ErrorCodes>>;

/**
 * Every error code there is; a new one goes into its part. `docs/errors.md` holds the same table, and a test compares
 * the two.
 */
export const errorCodes = {
  ...objectsCodes,
  ...metadataCodes,
  ...publishingCodes,
  ...directionCodes,
  ...hostsCodes,
  ...identityCodes,
  ...networkCodes,
  ...machineCodes,
  ...requestsCodes,
} satisfies ErrorCodes;

export type ErrorCode = keyof typeof errorCodes;
